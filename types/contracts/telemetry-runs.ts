/** Requests and responses of the function `telemetry-runs`. */

import { z } from "zod";
import { count, jsonObject, reason, text } from "./primitives.ts";
import { telemetryRun } from "./rows.ts";

/** What a run analyses. */
export const scopeTypes = ["workspace", "user", "global"] as const;

/** What asks for a run. */
export const runTriggers = ["SESSION_START", "MANUAL", "SCHEDULED", "CLI"] as const;

/** At most this many runs are handed out at once. */
export const MAX_CLAIMED_RUNS = 500;

const worker = text(200);

/** Body of `POST /telemetry-runs`: enqueues a run unless the scope has an active or a fresh one. */
export const requestTelemetryRun = z.strictObject({
  scope_type: z.enum(scopeTypes).optional(),
  /**
   * Of a workspace the id of a company, of a user the id of a user; left out, the run reads everybody's metrics.
   * Any other text is taken, and the analysis then fails with error_class `unknown_scope`.
   */
  scope_id: text(200).optional(),
  triggered_by: z.enum(runTriggers).optional(),
  correlation_id: text(200).optional(),
  /** Days for which a run that succeeded counts as fresh; 7 when left out. */
  staleness_days: z.number().min(0).max(3_650).optional(),
  /** Enqueues also where a fresh run is; never beside an active one. */
  force: z.boolean().optional(),
  /** Milliseconds that a worker has before the run is timed out, from the claim and from each heartbeat. */
  timeout_ms: z.int().min(1).max(86_400_000).optional(),
  metadata: jsonObject().optional(),
});

/** See {@link requestTelemetryRun}. */
export type RequestTelemetryRun = z.infer<typeof requestTelemetryRun>;

/** Answer to request: 201 for `enqueued`, 200 for the others. */
export const telemetryRunDecision = z.strictObject({
  /** `enqueued` is a new run; else `run` is the one that makes another needless. */
  decision: z.enum(["enqueued", "already_active", "fresh"]),
  run: telemetryRun,
});

/** See {@link telemetryRunDecision}. */
export type TelemetryRunDecision = z.infer<typeof telemetryRunDecision>;

/** Body of `POST /telemetry-runs/claim`: hands queued runs to a worker, the oldest first. */
export const claimTelemetryRuns = z.strictObject({
  /** Who takes them: kept in the metadata of the runs. */
  worker,
  /** How many runs at most; 1 when left out. */
  limit: z.int().min(1).max(MAX_CLAIMED_RUNS).optional(),
});

/** See {@link claimTelemetryRuns}. */
export type ClaimTelemetryRuns = z.infer<typeof claimTelemetryRuns>;

/** Answer to claim (200): the runs, perhaps none. */
export const telemetryRunsClaimed = z.strictObject({
  /** The oldest first. */
  runs: z.array(telemetryRun),
});

/** See {@link telemetryRunsClaimed}. */
export type TelemetryRunsClaimed = z.infer<typeof telemetryRunsClaimed>;

/** Asks to finish a run and claim the next in one call. */
const claimNext = z.strictObject({ worker, limit: z.literal(1).optional() });

/** Body of `POST /telemetry-runs/:run_id/heartbeat`: nothing; no body at all will do. */
export const heartbeatTelemetryRun = z.strictObject({});

/** Body of `POST /telemetry-runs/:run_id/cancel`; no body at all will do. */
export const cancelTelemetryRun = z.strictObject({ reason: reason.optional() });

/** See {@link cancelTelemetryRun}. */
export type CancelTelemetryRun = z.infer<typeof cancelTelemetryRun>;

/** Body of `POST /telemetry-runs/:run_id/succeed`. */
export const succeedTelemetryRun = z.strictObject({
  /** What was found, and of how much: without `rows_scanned` above 0, reason_code has to be INSUFFICIENT_DATA. */
  output_ref: jsonObject().optional(),
  findings_count: count.optional(),
  top_bottleneck_category: text(200).optional(),
  reason_code: text(200).optional(),
  /** Claims another run for this worker in the same call: `next` of the answer. */
  claim_next: claimNext.optional(),
});

/** See {@link succeedTelemetryRun}. */
export type SucceedTelemetryRun = z.infer<typeof succeedTelemetryRun>;

/** What went wrong; secrets are masked before it is kept. */
const failure = { error_class: text(200).optional(), error_message: text(10_000).optional() };

/** Body of `POST /telemetry-runs/:run_id/fail`. */
export const failTelemetryRun = z
  .strictObject({
    ...failure,
    /** Claims another run for this worker in the same call: `next` of the answer. */
    claim_next: claimNext.optional(),
  })
  .refine(({ error_class, error_message }) => (error_class ?? error_message) !== undefined, {
    path: ["error_message"],
    error: "Say what went wrong, here or in error_class",
  });

/** See {@link failTelemetryRun}. */
export type FailTelemetryRun = z.infer<typeof failTelemetryRun>;

/** Body of `POST /telemetry-runs/:run_id/fail_enqueue`; no body at all will do. */
export const failEnqueueTelemetryRun = z.strictObject(failure);

/** See {@link failEnqueueTelemetryRun}. */
export type FailEnqueueTelemetryRun = z.infer<typeof failEnqueueTelemetryRun>;

/** Answer to events (200). */
export const telemetryRunAnswer = z.strictObject({
  run: telemetryRun,
  /** Only where the request says claim_next: the run that was claimed, null where none was queued. */
  next: telemetryRun.nullable().optional(),
});

/** See {@link telemetryRunAnswer}. */
export type TelemetryRunAnswer = z.infer<typeof telemetryRunAnswer>;

/** Body of `POST /telemetry-runs/sweep`; no body at all will do. */
export const sweepRequest = z.strictObject({
  /** How many of each kind at most; 1000 when left out, and 10 000 keys. */
  limit: z.int().min(1).max(10_000).optional(),
});

/** See {@link sweepRequest}. */
export type SweepRequest = z.infer<typeof sweepRequest>;

/** Answer to sweep (200): how many of each kind were given up. */
export const sweepAnswer = z.strictObject({
  /** Runs past their deadline. */
  telemetry_runs_timed_out: count,
  /** Generations that had been running for more than a day. */
  okr_generations_failed: count,
  /** Active sessions without a sign of life for `session_stale_after` of `leo.settings`, a day unless changed. */
  sessions_paused: count,
  /** Keys first used more than a day ago. */
  idempotency_keys_deleted: count,
  /**
   * What could not be moved, rows or a kind as a whole; the database's log says why, and the next sweep tries again.
   * Rows that somebody was working on are not counted.
   */
  skipped: count,
});

/** See {@link sweepAnswer}. */
export type SweepAnswer = z.infer<typeof sweepAnswer>;
