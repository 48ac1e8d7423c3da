/** What an answer 2xx says was done, and what it teaches about the rows. */

import type { Known } from "./known.ts";
import type { Claimed, Entry } from "./ledger.ts";
import type { Wish } from "./wishes.ts";

interface Row {
  id: string;
  run_id: string;
  status: string;
  handoff_status: string;
  is_complete: boolean;
  attempt: number;
}

interface Answer {
  session?: Row;
  checkpoints?: Row[];
  checkpoint?: Row;
  handoff?: Row;
  decision?: string;
  run?: Row;
  next?: Row | null;
  runs?: Row[];
  generation?: Row;
  results?: { metric_id: string; outcome: string }[];
  accepted?: number;
  telemetry_runs_timed_out?: number;
  okr_generations_failed?: number;
  sessions_paused?: number;
}

const runMoved = (event: string, { run_id, status }: Row): Claimed => ({
  machine: "telemetry_run",
  id: run_id,
  event,
  to: status,
});

/** The last part of a path, which is the event's name. */
const eventIn = (operation: string) => operation.split("/").at(-1) as string;

function sessionRows(operation: string, { session, checkpoints = [] }: Answer): Claimed[] {
  if (!session || operation.includes("PATCH")) return [];
  const begun = operation.endsWith(" /");
  const own = {
    machine: "exec_session",
    id: session.id,
    event: begun ? "start" : eventIn(operation),
    to: session.status,
  };
  const gates = checkpoints.map(({ id }) => ({ machine: "quality_checkpoint", id, event: "insert", to: "incomplete" }));
  return begun ? [own, ...gates] : [own];
}

function runRows(operation: string, { run, next, runs = [], decision }: Answer): Claimed[] {
  if (operation.endsWith("/claim")) return runs.map((claimed) => runMoved("claim", claimed));
  if (decision !== undefined) return run && decision === "enqueued" ? [runMoved("request", run)] : [];
  if (!run) return [];
  return [runMoved(eventIn(operation), run), ...(next ? [runMoved("claim", next)] : [])];
}

/** Puts into the entry what the history has to have because of an answer. */
export function claim(entry: Entry, { path, body }: Wish, answer: Answer): void {
  const { operation } = entry;
  const name = operation.split(" ")[0];
  const moved = eventIn(operation);
  entry.claimed = [];
  if (name === "exec-sessions" && answer.session) {
    entry.claimed = sessionRows(operation, answer);
    const { attempt, status } = answer.session;
    const begins = !operation.includes("PATCH") && status === "active" ? 1 : 0;
    entry.unfenced = typeof body.attempt === "number" && attempt !== body.attempt + begins;
    if (operation.includes("PATCH") && body.performance_metrics) entry.noted = path.split("/")[1];
  }
  if (name === "quality-checkpoints" && answer.checkpoint) {
    const { id, is_complete } = answer.checkpoint;
    entry.claimed = [{ machine: "quality_checkpoint", id, event: moved, to: is_complete ? "complete" : "incomplete" }];
  }
  if (name === "exec-handoffs" && answer.handoff) {
    const { id, handoff_status } = answer.handoff;
    const event = operation.endsWith(" /") ? "prepare" : moved;
    if (operation.includes("PATCH")) entry.noted = path.split("/")[1];
    else entry.claimed = [{ machine: "handoff", id, event, to: handoff_status }];
  }
  if (name === "okr-generations" && answer.generation) {
    const { id, status } = answer.generation;
    entry.claimed = [{ machine: "okr_generation", id, event: operation.endsWith(" /") ? "start" : moved, to: status }];
  }
  if (operation.endsWith("/sweep")) {
    entry.counted = {
      time_out: answer.telemetry_runs_timed_out ?? 0,
      fail: answer.okr_generations_failed ?? 0,
      pause: answer.sessions_paused ?? 0,
    };
  } else if (name === "telemetry-runs") {
    entry.claimed = runRows(operation, answer);
  }
  if (name === "telemetry-analyzer") {
    entry.claimed = (answer.runs ?? []).map((run) => ({ ...runMoved("claim", run), to: "RUNNING" }));
    entry.counted = { limit: Number(body.limit) };
    entry.ended = (answer.runs ?? [])
      .filter(({ status }) => status !== "RUNNING")
      .map(({ run_id, status }) => ({ id: run_id, status }));
  }
  if (name === "orchestration-metrics") {
    entry.metrics = answer.results?.map(({ metric_id }) => metric_id) ?? [];
    entry.counted = { accepted: answer.accepted ?? 0 };
  }
}

/** What is to be known of the rows from now on. */
export function learn(
  known: Known,
  { session, checkpoints, checkpoint, handoff, run, next, runs, generation }: Answer,
) {
  if (session) known.learn("exec_session", { id: session.id, status: session.status, attempt: session.attempt });
  for (const gate of [...(checkpoints ?? []), ...(checkpoint ? [checkpoint] : [])]) {
    known.learn("quality_checkpoint", { id: gate.id, status: gate.is_complete ? "complete" : "incomplete" });
  }
  if (handoff) known.learn("handoff", { id: handoff.id, status: handoff.handoff_status });
  for (const found of [run, next, ...(runs ?? [])]) {
    if (found) known.learn("telemetry_run", { id: found.run_id, status: found.status });
  }
  if (generation) known.learn("okr_generation", { id: generation.id, status: generation.status });
}

/** A refusal tells the present status too. */
export function learnFromRefusal(known: Known, { operation, path }: Wish, problem: { current?: unknown }): void {
  if (typeof problem.current !== "string" || !operation.includes("/:")) return;
  const id = path.split("/")[1] as string;
  const status = problem.current;
  if (operation.startsWith("exec-sessions")) known.learn("exec_session", { id, status });
  if (operation.startsWith("exec-handoffs")) known.learn("handoff", { id, status });
  if (operation.startsWith("telemetry-runs")) known.learn("telemetry_run", { id, status });
}
