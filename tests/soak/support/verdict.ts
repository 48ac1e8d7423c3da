/** Compares what was answered with what is in the database. */

import { stateMachines } from "../../../types/state-machines.ts";
import type { Database } from "../../model/support/database.ts";
import { invariants } from "./invariants.ts";
import { type Entry, isDone, isRefused, type Ledger, type Try } from "./ledger.ts";

/** A promise that was not kept. */
export interface Broken {
  promise:
    | "lost"
    | "doubled"
    | "refused, and done"
    | "history"
    | "invariant"
    | "doctor"
    | "answers"
    | "recovery"
    | "model";
  /** Of the request, where one is at fault. */
  requestId?: string;
  detail: string;
}

interface HistoryRow {
  machine: string;
  id: string;
  event: string;
  from: string | null;
  to: string | null;
  requestId: string | null;
}

const HISTORY = `select machine, entity_id as id, event, from_status as from, to_status as to, request_id as "requestId"
  from public.state_transitions moved order by moved.id`;

/** Every row that has a state, with the state that it has. */
const STATES = `
  select id, status as state from public.exec_implementation_sessions
  union all select id, case when is_complete then 'complete' else 'incomplete' end from public.exec_quality_checkpoints
  union all select id, handoff_status from public.exec_handoff_preparations
  union all select run_id, status from public.telemetry_analysis_runs
  union all select id, status from public.okr_generation_log`;

const lastOf = ({ tries }: Entry) => tries.at(-1)?.requestId;
const shown = ({ machine, id, event, to }: Pick<HistoryRow, "machine" | "id" | "event" | "to">) =>
  `${machine} ${id} ${event} → ${to}`;

/** Of requests that are sound, for rows that exist: done, refused for the row's state, too large, or not now. */
const RIGHTFUL = /^(2\d\d|409|412|413|503)$/;

/** Answers that no caller may get, whatever happens behind them. */
function answersOf(ledger: Ledger): Broken[] {
  const wrong = (attempt: Try): string | undefined => {
    const { outcome, retryAfter } = attempt;
    if (outcome === "lost" && !ledger.wasDown(attempt)) return `no answer: ${attempt.error}`;
    if (outcome === 503 && !/^\d+$/.test(retryAfter ?? "")) return "503 without Retry-After";
    if (typeof outcome === "number" && !RIGHTFUL.test(String(outcome))) return `answered ${outcome}`;
    return undefined;
  };
  return ledger.entries.flatMap((entry) => {
    const broken = entry.tries.flatMap((attempt): Broken[] => {
      const detail = wrong(attempt);
      return detail
        ? [{ promise: "answers", requestId: attempt.requestId, detail: `${entry.operation} ${detail}` }]
        : [];
    });
    const given: Broken = { promise: "answers", requestId: lastOf(entry), detail: `${entry.operation} given up` };
    return entry.givenUp ? [...broken, given] : broken;
  });
}

/** Replays each row's history from nothing: every step a rule of its machine, the last one where the row is. */
function replay(history: HistoryRow[], states: Map<string, string>): Broken[] {
  const broken: Broken[] = [];
  const reached = new Map<string, string | null>();
  for (const row of history) {
    const before = reached.get(row.id) ?? null;
    const complain = (what: string) =>
      broken.push({ promise: "history", requestId: row.requestId ?? undefined, detail: `${shown(row)}: ${what}` });
    if (row.from !== before) complain(`it comes from ${row.from}, and the row was ${before}`);
    const rules: readonly { event: string; from: string | null; to: string }[] =
      stateMachines[row.machine as keyof typeof stateMachines].transitions;
    const legal = rules.some(({ event, from, to }) => event === row.event && from === row.from && to === row.to);
    // Checkpoints come with their session, by trigger.
    const born = row.machine === "quality_checkpoint" && row.event === "insert" && row.from === null;
    if (!legal && !born) complain(`no rule leads from ${row.from} to ${row.to}`);
    reached.set(row.id, row.to);
  }
  for (const [id, state] of states) {
    if (reached.get(id) === state) continue;
    broken.push({ promise: "history", detail: `${id} is ${state}, by its history ${reached.get(id)}` });
  }
  for (const id of reached.keys()) {
    if (!states.has(id)) broken.push({ promise: "history", detail: `${id} has a history and no row` });
  }
  return broken;
}

/** What may be there beside what the answer names: a request ends runs of its scope that are late. */
const alongside = (entry: Entry, row: HistoryRow) =>
  (entry.operation === "telemetry-runs POST /" && row.event === "time_out") ||
  // The outcomes of runs that it claimed.
  (entry.operation === "telemetry-analyzer POST /" && ["succeed", "fail", "time_out"].includes(row.event));

/** What an entry's requests have left, against what it was told. */
function judge(entry: Entry, rows: HistoryRow[]): Broken[] {
  const broken: Broken[] = [];
  const complain = (promise: Broken["promise"], detail: string) =>
    broken.push({ promise, requestId: lastOf(entry), detail: `${entry.operation}: ${detail}` });
  const carriedOut = new Set(rows.map(({ requestId }) => requestId));
  const isAnalysis = entry.operation.startsWith("telemetry-analyzer");
  // An analysis is many changes: a repetition goes on where the first request broke off.
  if (carriedOut.size > 1 && !isAnalysis) complain("doubled", `carried out by ${[...carriedOut].join(", ")}`);
  if (isRefused(entry) && rows.length > 0) {
    complain("refused, and done", `${entry.status}, and ${rows.map(shown).join("; ")}`);
  }
  if (entry.unfenced) complain("invariant", "done for an attempt that was over");
  const left = rows.map(shown);
  const claims = rows.filter(({ event }) => event === "claim").length;
  if (isAnalysis && entry.counted && claims > (entry.counted.limit ?? 0)) complain("doubled", `${claims} claims`);
  if (!isDone(entry)) return broken;
  for (const claimed of entry.claimed ?? []) {
    const at = left.indexOf(shown(claimed));
    if (at < 0) complain("lost", shown(claimed));
    else left.splice(at, 1);
  }
  if (entry.operation.endsWith("/sweep")) {
    for (const [event, count] of Object.entries(entry.counted ?? {})) {
      const found = rows.filter((row) => row.event === event).length;
      if (found < count) complain("lost", `${count} of ${event}, and ${found} there`);
      if (found > count) complain("doubled", `${count} of ${event}, and ${found} there`);
    }
    return broken;
  }
  const surplus = rows.filter((row) => left.includes(shown(row)) && !alongside(entry, row));
  if (surplus.length > 0) complain("doubled", `beyond the answer: ${surplus.map(shown).join("; ")}`);
  return broken;
}

async function judgeMetrics(database: Database, entries: Entry[]): Promise<Broken[]> {
  const found = await database.query<{ entry: number; ids: string[] }>(
    `select (metadata ->> 'entry')::integer as entry, array_agg(metric_id) as ids
     from public.orchestration_metrics where metadata ? 'entry' group by 1`,
  );
  const idsOf = new Map(found.map(({ entry, ids }) => [entry, ids]));
  return entries.flatMap((entry): Broken[] => {
    if (!entry.operation.startsWith("orchestration-metrics")) return [];
    const ids = new Set(idsOf.get(entry.number) ?? []);
    const about = { requestId: lastOf(entry) };
    if (isRefused(entry) && ids.size > 0) return [{ ...about, promise: "refused, and done", detail: "metrics" }];
    if (!isDone(entry)) return [];
    const missing = (entry.metrics ?? []).filter((id) => !ids.has(id));
    if (missing.length > 0) return [{ ...about, promise: "lost", detail: `metrics ${missing.join(", ")}` }];
    const surplus = ids.size - (entry.counted?.accepted ?? 0);
    return surplus === 0 ? [] : [{ ...about, promise: "doubled", detail: `${surplus} metrics too many` }];
  });
}

/** A note in a row is that of the last who wrote: of nobody who had an answer before another one began. */
async function judgeNotes(database: Database, entries: Entry[]): Promise<Broken[]> {
  const found = await database.query<{ id: string; entry: number }>(
    `select id, substr(post_implementation_notes, 6)::integer as entry
     from public.exec_handoff_preparations where post_implementation_notes like 'note %'
     union all
     select id, (performance_metrics ->> 'entry')::integer
     from public.exec_implementation_sessions where performance_metrics ? 'entry'`,
  );
  const noted = new Map(found.map(({ id, entry }) => [id, entry]));
  const undue = found.flatMap(({ id, entry: number }): Broken[] => {
    const entry = entries[number];
    // Without a key, a try that was not answered may have been carried out, and the next one refused for what followed.
    if (!entry || !isRefused(entry) || entry.tries.length > 1) return [];
    return [{ promise: "refused, and done", requestId: lastOf(entry), detail: `the note in ${id}` }];
  });
  const lost = entries.flatMap((entry): Broken[] => {
    if (entry.noted === undefined || !isDone(entry)) return [];
    const last = entries[noted.get(entry.noted) ?? -1];
    // Without an answer it may have been carried out at any time.
    const end = last && isDone(last) ? (last.tries.at(-1)?.ended ?? 0) : last ? Number.POSITIVE_INFINITY : 0;
    const begun = entry.tries.at(-1)?.begun ?? 0;
    if (last === entry || begun <= end) return [];
    return [{ promise: "lost", requestId: lastOf(entry), detail: `the note in ${entry.noted}` }];
  });
  return [...undue, ...lost];
}

/** A run that is over stays as it ended. */
const judgeEnds = (states: Map<string, string>, entries: Entry[]): Broken[] =>
  entries.flatMap((entry) =>
    (entry.ended ?? [])
      .filter(({ id, status }) => states.get(id) !== status)
      .map(({ id, status }): Broken => {
        const detail = `run ${id} was answered as ${status}, and is ${states.get(id)}`;
        return { promise: "lost", requestId: lastOf(entry), detail };
      }),
  );

/**
 * Every promise that was not kept; none, if all of what was answered is there once, nothing that was refused is, and
 * the rows are what their history makes of them. To be asked when nobody is at work any more.
 */
export async function verdict(database: Database, ledger: Ledger): Promise<Broken[]> {
  const history = await database.query<HistoryRow>(HISTORY);
  const states = new Map(
    (await database.query<{ id: string; state: string }>(STATES)).map(({ id, state }) => [id, state]),
  );
  const byEntry = new Map<number, HistoryRow[]>();
  for (const row of history) {
    const number = /^(\d+)\.\d+$/.exec(row.requestId ?? "")?.[1];
    if (number === undefined) continue;
    const rows = byEntry.get(Number(number));
    if (rows) rows.push(row);
    else byEntry.set(Number(number), [row]);
  }
  const broken = [
    ...answersOf(ledger),
    ...ledger.entries.flatMap((entry) => judge(entry, byEntry.get(entry.number) ?? [])),
    ...(await judgeMetrics(database, ledger.entries)),
    ...(await judgeNotes(database, ledger.entries)),
    ...judgeEnds(states, ledger.entries),
    ...replay(history, states),
  ];
  for (const { title, sql } of invariants) {
    const rows = await database.query<{ id: string }>(sql);
    if (rows.length > 0) {
      const ids = rows.slice(0, 5).map(({ id }) => id);
      broken.push({ promise: "invariant", detail: `${title}; not so: ${ids.join(", ")} (${rows.length})` });
    }
  }
  const found = await database.query<{ problem: string; entity_id: string; detail: string }>(
    "select problem, entity_id, detail from leo.doctor(20)",
  );
  for (const { problem, entity_id, detail } of found) {
    broken.push({ promise: "doctor", detail: `${problem} ${entity_id}: ${detail}` });
  }
  return broken;
}
