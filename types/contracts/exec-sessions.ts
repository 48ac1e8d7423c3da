/** Requests and responses of the function `exec-sessions`. */

import { z } from "zod";
import { attempt, jsonObject, jsonObjects, percent, reason, text, textArray, webAddress } from "./primitives.ts";
import { execSession, qualityCheckpoint } from "./rows.ts";

/** Kinds of implementation; each has its own default quality gates. */
export const implementationTypes = [
  "UI_COMPONENT",
  "API_ENDPOINT",
  "DATABASE_CHANGE",
  "AUTHENTICATION",
  "SYSTEM_TOOLING",
  "GENERAL_FEATURE",
] as const;

/** Body of `POST /exec-sessions`: begins the implementation of a strategic directive. */
export const startExecSession = z.strictObject({
  /** The strategic directive; it must exist and have no session that is active, paused or completed. */
  sd_id: text(50),
  /** The product requirement document, if there is one. */
  prd_id: text(100).optional(),
  implementation_type: z.enum(implementationTypes),
  /** One checkpoint is made of each distinct non-blank entry; without any, the implementation type decides. */
  quality_gates: textArray(50, 200).optional(),
  pre_impl_checklist: jsonObject().optional(),
  before_screenshots: textArray(50, 2048).optional(),
  demo_urls: z.array(webAddress).max(50).optional(),
  orchestrator: text(200).optional(),
  session_version: text(50).optional(),
});

/** See {@link startExecSession}. */
export type StartExecSession = z.infer<typeof startExecSession>;

/** What an agent can show of its work, while it is at it and when it is done. */
const evidence = {
  sub_agent_results: jsonObjects(500).optional(),
  test_coverage_pct: percent.optional(),
  performance_metrics: jsonObject().optional(),
  security_scan_results: jsonObject().optional(),
  accessibility_audit: jsonObject().optional(),
  after_screenshots: textArray(50, 2048).optional(),
  demo_urls: z.array(webAddress).max(50).optional(),
};

/** Body of `PATCH /exec-sessions/:id`: progress and evidence of an active session; what is left out stays. */
export const updateExecSession = z.strictObject({
  attempt: attempt.optional(),
  implementation_progress: percent.optional(),
  pre_impl_checklist: jsonObject().optional(),
  before_screenshots: textArray(50, 2048).optional(),
  ...evidence,
});

/** See {@link updateExecSession}. */
export type UpdateExecSession = z.infer<typeof updateExecSession>;

/** Body of `POST /exec-sessions/:id/complete`: evidence, all of it optional; no body at all will do. */
export const completeExecSession = z.strictObject({ attempt: attempt.optional(), ...evidence });

/** See {@link completeExecSession}. */
export type CompleteExecSession = z.infer<typeof completeExecSession>;

/** Body of `POST /exec-sessions/:id/{pause,resume,retry,reopen}`; no body at all will do. */
export const moveExecSession = z.strictObject({ attempt: attempt.optional(), reason: reason.optional() });

/** See {@link moveExecSession}. */
export type MoveExecSession = z.infer<typeof moveExecSession>;

/** Body of `POST /exec-sessions/:id/{fail,cancel}`. */
export const endExecSession = z.strictObject({ attempt: attempt.optional(), reason });

/** See {@link endExecSession}. */
export type EndExecSession = z.infer<typeof endExecSession>;

/** Answer to PATCH and to events (200). */
export const execSessionMoved = z.strictObject({
  session: execSession,
  /** To be sent with later events, so that they are refused once another attempt has begun. */
  attempt,
});

/** See {@link execSessionMoved}. */
export type ExecSessionMoved = z.infer<typeof execSessionMoved>;

/** Answer to start (201) and complete (200). */
export const execSessionAnswer = execSessionMoved.extend({
  /** Every quality gate of the session. */
  checkpoints: z.array(qualityCheckpoint),
});

/** See {@link execSessionAnswer}. */
export type ExecSessionAnswer = z.infer<typeof execSessionAnswer>;
