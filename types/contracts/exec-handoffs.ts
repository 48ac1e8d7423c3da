/** Requests and responses of the function `exec-handoffs`. */

import { z } from "zod";
import { attempt, jsonObject, looseText, reason, text, uuid, webAddress } from "./primitives.ts";
import { execHandoff } from "./rows.ts";

/** What a hand-off says; `ready` asks for a summary and at least one deliverable. */
const content = {
  implementation_summary: looseText(50_000).optional(),
  quality_metrics: jsonObject().optional(),
  test_results: jsonObject().optional(),
  performance_benchmarks: jsonObject().optional(),
  security_validation: jsonObject().optional(),
  accessibility_compliance: jsonObject().optional(),
  demo_url: webAddress.optional(),
  documentation_url: webAddress.optional(),
  test_report_url: webAddress.optional(),
  deliverables_manifest: z.array(text(2_048)).max(500).optional(),
  known_issues: z.array(text(5_000)).max(500).optional(),
  post_implementation_notes: looseText(50_000).optional(),
};

/** Body of `POST /exec-handoffs`: begins the hand-over of a session. */
export const prepareExecHandoff = z.strictObject({
  /** Without an open or accepted hand-off. */
  session_id: uuid,
  /** Of the session. */
  attempt: attempt.optional(),
  ...content,
  implementation_summary: looseText(50_000),
});

/** See {@link prepareExecHandoff}. */
export type PrepareExecHandoff = z.infer<typeof prepareExecHandoff>;

/** Body of `PATCH /exec-handoffs/:id`, while it is prepared; what is left out stays. */
export const updateExecHandoff = z.strictObject({ attempt: attempt.optional(), ...content });

/** See {@link updateExecHandoff}. */
export type UpdateExecHandoff = z.infer<typeof updateExecHandoff>;

/** Body of `POST /exec-handoffs/:id/{ready,revise,send,accept}`; no body at all will do. */
export const moveExecHandoff = z.strictObject({ attempt: attempt.optional(), reason: reason.optional() });

/** See {@link moveExecHandoff}. */
export type MoveExecHandoff = z.infer<typeof moveExecHandoff>;

/** Body of `POST /exec-handoffs/:id/reject`. */
export const rejectExecHandoff = z.strictObject({ attempt: attempt.optional(), reason });

/** See {@link rejectExecHandoff}. */
export type RejectExecHandoff = z.infer<typeof rejectExecHandoff>;

/** Answer to prepare (201), PATCH and events (200). */
export const execHandoffAnswer = z.strictObject({ handoff: execHandoff });

/** See {@link execHandoffAnswer}. */
export type ExecHandoffAnswer = z.infer<typeof execHandoffAnswer>;
