/** Requests and responses of the function `exec-sessions`. */

import { z } from "zod";
import type { Database } from "../database.ts";
import { attempt, jsonObject, jsonObjects, percent, text, textArray, uuid, webAddress } from "./primitives.ts";

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

/** Body of `POST /exec-sessions/:id/complete`: evidence, all of it optional; no body at all will do. */
export const completeExecSession = z.strictObject({
  attempt: attempt.optional(),
  sub_agent_results: jsonObjects(500).optional(),
  test_coverage_pct: percent.optional(),
  performance_metrics: jsonObject().optional(),
  security_scan_results: jsonObject().optional(),
  accessibility_audit: jsonObject().optional(),
  after_screenshots: textArray(50, 2048).optional(),
  demo_urls: z.array(webAddress).max(50).optional(),
});

/** See {@link completeExecSession}. */
export type CompleteExecSession = z.infer<typeof completeExecSession>;

/** A session as responses carry it: the row, in the JSON that PostgreSQL makes of it. */
export type ExecSession = Database["public"]["Tables"]["exec_implementation_sessions"]["Row"];

/** A quality checkpoint as responses carry it. */
export type QualityCheckpoint = Database["public"]["Tables"]["exec_quality_checkpoints"]["Row"];

/** Answer to start (201) and complete (200). */
export interface ExecSessionAnswer {
  session: ExecSession;
  checkpoints: QualityCheckpoint[];
  /** To be sent with later events, so that they are refused once another attempt has begun. */
  attempt: number;
}

/** The same for clients that check what they receive; rows may gain columns. */
export const execSessionAnswer = z.object({
  session: z.looseObject({ id: uuid, sd_id: z.string(), status: z.string() }),
  checkpoints: z.array(z.looseObject({ id: uuid, checkpoint_name: z.string(), is_complete: z.boolean().nullable() })),
  attempt,
});
