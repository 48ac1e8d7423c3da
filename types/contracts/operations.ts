/** Every operation of the HTTP API in one table: for documentation, clients and tests. */

import type { z } from "zod";
import * as handoffs from "./exec-handoffs.ts";
import * as sessions from "./exec-sessions.ts";
import { healthAnswer } from "./health.ts";
import * as okr from "./okr-generations.ts";
import * as metrics from "./orchestration-metrics.ts";
import * as checkpoints from "./quality-checkpoints.ts";
import { analyzeTelemetryRuns, telemetryRunsAnalyzed } from "./telemetry-analyzer.ts";
import * as runs from "./telemetry-runs.ts";

/** One method and path of one edge function. */
export interface Operation {
  /** The edge function, below `/functions/v1/`. */
  function: string;
  method: "GET" | "POST" | "PATCH";
  /** Below the function, such as `/:id/pause`; parameters are UUIDs. */
  path: string;
  /** Who may call: `operators` hold a secret key or a JWT with that role, `users` any user's JWT besides. */
  callers: "operators" | "users" | "anyone";
  /** What its body has to be; absent where it takes none. */
  request?: z.ZodType;
  /** What it answers when it is not refused. */
  answer: z.ZodType;
  /** The HTTP status of that answer, or those that it may have. */
  status: number[];
}

type Declared = Pick<Operation, "request" | "answer"> & { status?: number[] };

/** The operations of a function whose callers are operators, by `METHOD /path`. */
function operationsOf(name: string, declared: Record<string, Declared>): Operation[] {
  return Object.entries(declared).map(([route, { status = [200], ...rest }]) => {
    const [method, path] = route.split(" ") as [Operation["method"], string];
    return { function: name, method, path, callers: "operators", status, ...rest };
  });
}

const sessionMoved = { answer: sessions.execSessionMoved };
const handoff = { answer: handoffs.execHandoffAnswer };
const checkpoint = { answer: checkpoints.qualityCheckpointAnswer };
const run = { answer: runs.telemetryRunAnswer };
const generation = { answer: okr.okrGenerationAnswer };

export const operations: readonly Operation[] = [
  ...operationsOf("exec-sessions", {
    "POST /": { request: sessions.startExecSession, answer: sessions.execSessionAnswer, status: [201] },
    "PATCH /:id": { request: sessions.updateExecSession, ...sessionMoved },
    "POST /:id/pause": { request: sessions.moveExecSession, ...sessionMoved },
    "POST /:id/resume": { request: sessions.moveExecSession, ...sessionMoved },
    "POST /:id/complete": { request: sessions.completeExecSession, answer: sessions.execSessionAnswer },
    "POST /:id/fail": { request: sessions.endExecSession, ...sessionMoved },
    "POST /:id/cancel": { request: sessions.endExecSession, ...sessionMoved },
    "POST /:id/retry": { request: sessions.moveExecSession, ...sessionMoved },
    "POST /:id/reopen": { request: sessions.moveExecSession, ...sessionMoved },
  }),
  ...operationsOf("quality-checkpoints", {
    "POST /:id/complete": { request: checkpoints.completeQualityCheckpoint, ...checkpoint },
    "POST /:id/reopen": { request: checkpoints.moveQualityCheckpoint, ...checkpoint },
    "POST /:id/waive": { request: checkpoints.moveQualityCheckpoint, ...checkpoint },
  }),
  ...operationsOf("exec-handoffs", {
    "POST /": { request: handoffs.prepareExecHandoff, ...handoff, status: [201] },
    "PATCH /:id": { request: handoffs.updateExecHandoff, ...handoff },
    "POST /:id/ready": { request: handoffs.moveExecHandoff, ...handoff },
    "POST /:id/revise": { request: handoffs.moveExecHandoff, ...handoff },
    "POST /:id/send": { request: handoffs.moveExecHandoff, ...handoff },
    "POST /:id/accept": { request: handoffs.moveExecHandoff, ...handoff },
    "POST /:id/reject": { request: handoffs.rejectExecHandoff, ...handoff },
  }),
  ...operationsOf("telemetry-runs", {
    "POST /": { request: runs.requestTelemetryRun, answer: runs.telemetryRunDecision, status: [200, 201] },
    "POST /claim": { request: runs.claimTelemetryRuns, answer: runs.telemetryRunsClaimed },
    "POST /sweep": { request: runs.sweepRequest, answer: runs.sweepAnswer },
    "POST /:run_id/heartbeat": { request: runs.heartbeatTelemetryRun, ...run },
    "POST /:run_id/succeed": { request: runs.succeedTelemetryRun, ...run },
    "POST /:run_id/fail": { request: runs.failTelemetryRun, ...run },
    "POST /:run_id/cancel": { request: runs.cancelTelemetryRun, ...run },
    "POST /:run_id/fail_enqueue": { request: runs.failEnqueueTelemetryRun, ...run },
  }),
  ...operationsOf("telemetry-analyzer", {
    "POST /": { request: analyzeTelemetryRuns, answer: telemetryRunsAnalyzed },
  }),
  ...operationsOf("okr-generations", {
    "POST /": { request: okr.startOkrGeneration, ...generation, status: [201] },
    "POST /:id/complete": { request: okr.completeOkrGeneration, ...generation },
    "POST /:id/fail": { request: okr.failOkrGeneration, ...generation },
  }),
  {
    function: "orchestration-metrics",
    method: "POST",
    path: "/",
    callers: "users",
    request: metrics.recordMetrics,
    answer: metrics.metricsRecorded,
    status: [200],
  },
  { function: "health", method: "GET", path: "/", callers: "anyone", answer: healthAnswer, status: [200] },
];
