import type { TelemetryRun } from "../../types/contracts/rows.ts";
import type { FailTelemetryRun } from "../../types/contracts/telemetry-runs.ts";
import { GRACE_MS } from "../_shared/environment.ts";
import type { Exchange } from "../_shared/exchange.ts";
import { describeError } from "../_shared/log.ts";
import { Problem } from "../_shared/problem.ts";
import { isStopping } from "../_shared/stopping.ts";

/** What Supabase gives a function. */
export const ANALYZE_WITHIN_MS = 150_000;

/** A request claims no further run after this: what is still queued is for the next one. */
const CLAIM_FOR_MS = 20_000;

const RUN = "select to_jsonb(run) from public.telemetry_analysis_runs run where run.run_id = $1::uuid";

/** What the database's functions answer that do something with a run. */
type RunAnswer = { run?: TelemetryRun };

/**
 * Claims queued runs and analyses them, one after the other: a run's time begins when it is claimed, so that none
 * waits here while another worker could have it. Ends with the queue, at the limit, when the request has taken
 * long enough, when nobody waits for its answer any more, when this process is about to end, and when the database
 * cannot be reached any more.
 *
 * Under an Idempotency-Key each claim is repeatable: a run that an earlier request has claimed is not analysed
 * again, and is answered as it stands.
 *
 * @returns the runs as they stood when they were last heard of; one that was deleted meanwhile is missing
 * @throws Problem, see `callJson`, where not even the first was claimed
 */
export async function analyzeRuns(exchange: Exchange, worker: string, limit: number): Promise<TelemetryRun[]> {
  const runs: TelemetryRun[] = [];
  for (let step = 1; step <= limit; step += 1) {
    if (exchange.timing.total > CLAIM_FOR_MS || exchange.request.signal.aborted || isStopping()) break;
    let claimed: TelemetryRun | undefined;
    try {
      const { answer, replayed } = await exchange.transitionOnce("claim_telemetry_runs", { worker, limit: 1 }, step);
      [claimed] = answer.runs as TelemetryRun[];
      if (!claimed) break;
      const run = replayed ? await asItStands(exchange, claimed) : await analyzed(exchange, claimed);
      if (run) runs.push(run);
    } catch (error) {
      // A problem says that nothing was changed, or nothing of what came before; but runs have been worked off.
      if (claimed) runs.push(claimed);
      if (runs.length === 0) throw error;
      exchange.log.error = describeError(error);
      break;
    }
  }
  return runs;
}

async function asItStands(exchange: Exchange, { run_id }: TelemetryRun): Promise<TelemetryRun | null> {
  return (await exchange.call(RUN, [run_id])) as TelemetryRun | null;
}

/**
 * Analyses a run that has just been claimed; whatever comes of it is recorded, and no reason not to go on. It is given
 * up in time to record that within the request's.
 */
async function analyzed(exchange: Exchange, run: TelemetryRun): Promise<TelemetryRun | undefined> {
  const limit = { timeoutMs: Math.max(1, Math.floor(Math.min(timeLeft(run), exchange.timeToBegin() - GRACE_MS))) };
  const answer = await exchange
    .callFor(run.run_id, "analyze_telemetry_run", {}, limit)
    // Its time is up, or the connection was lost, and what it had done is undone. The database knows which.
    .catch((error) => exchange.callFor(run.run_id, "abandon_telemetry_run", failureOf(error)));
  return (answer as RunAnswer).run;
}

/** Milliseconds to the deadline of a run whose claim has just been answered: by the database's clock, not ours. */
function timeLeft({ started_at, metadata }: TelemetryRun): number {
  const { deadline_at } = metadata as { deadline_at: string };
  // One more, as fractions are cut off: it must not end before the deadline, or the run would have failed.
  return Date.parse(deadline_at) - Date.parse(started_at ?? "") + 1;
}

/** Evidence of the event `fail`. */
function failureOf(error: unknown): FailTelemetryRun {
  const { sqlstate, message } = describeError(error instanceof Problem ? (error.options.cause ?? error) : error);
  const code = error instanceof Problem ? error.code : "internal";
  return { error_class: sqlstate === undefined ? code : `sqlstate_${sqlstate}`, error_message: message };
}
