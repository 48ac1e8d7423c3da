/** Every operation of the HTTP API with its contracts: for documentation, clients and tests. */

import type { z } from "zod";
import type { Machine } from "../state-machines.ts";
import * as handoffs from "./exec-handoffs.ts";
import * as sessions from "./exec-sessions.ts";
import { healthAnswer } from "./health.ts";
import * as okr from "./okr-generations.ts";
import * as metrics from "./orchestration-metrics.ts";
import type { ProblemCode } from "./problems.ts";
import * as checkpoints from "./quality-checkpoints.ts";
import { type Routes, routes } from "./routes.ts";
import { analyzeTelemetryRuns, telemetryRunsAnalyzed } from "./telemetry-analyzer.ts";
import * as runs from "./telemetry-runs.ts";

/** One method and path of one edge function. */
export interface Operation {
  /** What the client calls it, such as `sessions.pause`. */
  name: string;
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
  /** What it does to a row, as history and log name it; absent where it only reads. */
  event?: string;
  /** The state machine of its row, where it has one. */
  machine?: Machine;
  /** Problems of its own, beside those that follow from what it takes: see `problemsOf`. */
  refusals?: ProblemCode[];
}

type Declared = Pick<Operation, "request" | "answer"> & Partial<Pick<Operation, "status" | "callers" | "refusals">>;

/** The state machine that the operations of a group move. */
const machines: { [G in keyof Routes]?: Machine } = {
  sessions: "exec_session",
  checkpoints: "quality_checkpoint",
  handoffs: "handoff",
  telemetry: "telemetry_run",
  okrGenerations: "okr_generation",
};

const sessionMoved = { answer: sessions.execSessionMoved };
/** One session of a directive may be in each status. */
const statusTaken: ProblemCode[] = ["status_taken"];
const handoff = { answer: handoffs.execHandoffAnswer };
const checkpoint = { answer: checkpoints.qualityCheckpointAnswer };
const run = { answer: runs.telemetryRunAnswer };
const generation = { answer: okr.okrGenerationAnswer };

/** What each route takes and answers; 200 to operators where nothing else is said. */
const contracts = {
  sessions: {
    start: {
      request: sessions.startExecSession,
      answer: sessions.execSessionAnswer,
      status: [201],
      refusals: ["not_found", "session_exists"],
    },
    update: { request: sessions.updateExecSession, ...sessionMoved },
    pause: { request: sessions.moveExecSession, ...sessionMoved, refusals: statusTaken },
    resume: { request: sessions.moveExecSession, ...sessionMoved, refusals: statusTaken },
    complete: {
      request: sessions.completeExecSession,
      answer: sessions.execSessionAnswer,
      refusals: ["gates_incomplete", ...statusTaken],
    },
    fail: { request: sessions.endExecSession, ...sessionMoved, refusals: statusTaken },
    cancel: { request: sessions.endExecSession, ...sessionMoved, refusals: statusTaken },
    retry: { request: sessions.moveExecSession, ...sessionMoved, refusals: statusTaken },
    reopen: { request: sessions.moveExecSession, ...sessionMoved, refusals: statusTaken },
  },
  checkpoints: {
    complete: { request: checkpoints.completeQualityCheckpoint, ...checkpoint },
    reopen: { request: checkpoints.moveQualityCheckpoint, ...checkpoint },
    waive: { request: checkpoints.moveQualityCheckpoint, ...checkpoint },
  },
  handoffs: {
    prepare: {
      request: handoffs.prepareExecHandoff,
      ...handoff,
      status: [201],
      refusals: ["not_found", "handoff_open"],
    },
    update: { request: handoffs.updateExecHandoff, ...handoff },
    ready: { request: handoffs.moveExecHandoff, ...handoff },
    revise: { request: handoffs.moveExecHandoff, ...handoff, refusals: ["handoff_open"] },
    send: { request: handoffs.moveExecHandoff, ...handoff },
    accept: { request: handoffs.moveExecHandoff, ...handoff, refusals: ["same_actor"] },
    reject: { request: handoffs.rejectExecHandoff, ...handoff, refusals: ["same_actor"] },
  },
  telemetry: {
    request: { request: runs.requestTelemetryRun, answer: runs.telemetryRunDecision, status: [200, 201] },
    claim: { request: runs.claimTelemetryRuns, answer: runs.telemetryRunsClaimed },
    sweep: { request: runs.sweepRequest, answer: runs.sweepAnswer },
    heartbeat: { request: runs.heartbeatTelemetryRun, ...run },
    succeed: { request: runs.succeedTelemetryRun, ...run },
    fail: { request: runs.failTelemetryRun, ...run },
    cancel: { request: runs.cancelTelemetryRun, ...run },
    failEnqueue: { request: runs.failEnqueueTelemetryRun, ...run },
    analyze: { request: analyzeTelemetryRuns, answer: telemetryRunsAnalyzed },
  },
  okrGenerations: {
    start: { request: okr.startOkrGeneration, ...generation, status: [201], refusals: ["generation_exists"] },
    complete: { request: okr.completeOkrGeneration, ...generation },
    fail: { request: okr.failOkrGeneration, ...generation },
  },
  metrics: {
    record: { request: metrics.recordMetrics, answer: metrics.metricsRecorded, callers: "users" },
  },
  health: {
    check: { answer: healthAnswer, callers: "anyone" },
  },
} satisfies { [G in keyof Routes]: { [N in keyof Routes[G]]: Declared } };

/** Request and answer of each route as zod types, by the names of {@link routes}. */
export type OperationContracts = typeof contracts;

/** Every operation, in the order of {@link routes}. */
export const operations: readonly Operation[] = Object.entries(routes).flatMap(([group, named]) => {
  const declared: Record<string, Declared> = contracts[group as keyof Routes];
  return Object.entries<string>(named).map(([name, route]): Operation => {
    const [, method = "", folder = "", path = ""] = /^(\w+) \/([^/]+)(.*)$/.exec(route) ?? [];
    return {
      name: `${group}.${name}`,
      function: folder,
      method: method as Operation["method"],
      path: path || "/",
      callers: "operators",
      status: [200],
      ...(method === "GET" ? {} : { event: eventOf(name, path), machine: machines[group as keyof Routes] }),
      ...(declared[name] as Declared),
    };
  });
});

/** The last part of a path such as `/:id/pause`; of other paths the operation's own name. */
function eventOf(name: string, path: string): string {
  const last = path.split("/").at(-1) ?? "";
  return last === "" || last.startsWith(":") ? name : last;
}
