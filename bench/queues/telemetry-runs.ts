import pg from "pg";
import { makeQueue } from "../data/telemetry-runs.ts";
import type { BenchDatabase } from "../harness/lab.ts";
import { type OpenQueue, timed } from "./job-queue.ts";

interface Run {
  id: string;
  run_id: string;
}

const context = (event: string) => JSON.stringify({ actor: "secret:default", event, request_id: "bench" });
const claimContext = context("claim");
const succeedContext = context("succeed");
const evidence = { output_ref: { rows_scanned: 1000 }, findings_count: 0 };
const succeedAndClaim = JSON.stringify({ ...evidence, claim_next: { worker: "bench" } });

async function claim(client: pg.Client, limit: number): Promise<Run[]> {
  const { rows } = await client.query({
    name: "claim",
    text: "select leo.claim_telemetry_runs($1::jsonb, $2::jsonb) as answer",
    values: [JSON.stringify({ worker: "bench", limit }), claimContext],
  });
  return rows[0].answer.runs;
}

/** Finishes a run and claims the next one, in one round trip per run. */
async function oneByOne(client: pg.Client): Promise<void> {
  let [run] = await claim(client, 1);
  while (run) {
    const { rows } = await client.query({
      name: "succeed",
      text: "select leo.move_telemetry_run($1::uuid, $2::jsonb, $3::jsonb) as answer",
      values: [run.run_id, succeedAndClaim, succeedContext],
    });
    if (rows[0].answer.refusal) throw new Error(JSON.stringify(rows[0].answer));
    run = rows[0].answer.next ?? undefined;
  }
}

/** As a service does that knows SQL: the guard and the history see each statement as a whole. */
async function inBatches(client: pg.Client, batch: number): Promise<void> {
  for (let runs = await claim(client, batch); runs.length > 0; runs = await claim(client, batch)) {
    const { rowCount } = await client.query({
      name: "succeed-all",
      text: `update public.telemetry_analysis_runs
             set status = 'SUCCEEDED', finished_at = clock_timestamp(), output_ref = $2::jsonb, findings_count = 0
             where id = any ($1::uuid[]) and status = 'RUNNING'`,
      values: [runs.map(({ id }) => id), JSON.stringify(evidence.output_ref)],
    });
    if (rowCount !== runs.length) throw new Error(`${rowCount} of ${runs.length} runs succeeded`);
  }
}

/** Telemetry runs, with their guard, history and deadlines. */
export const telemetryRuns: OpenQueue = async (lab, database: BenchDatabase, { workers, batch }) => {
  const clients = Array.from({ length: workers }, () => new pg.Client({ connectionString: database.url }));
  lab.later(async () => {
    await Promise.all(clients.map((client) => client.end()));
  });
  for (const client of clients) await client.connect();
  return {
    async fill(jobs) {
      await makeQueue(database, jobs);
      await database.query("vacuum analyze public.state_transitions");
    },
    drain: () =>
      timed(workers, (worker) => {
        const client = clients[worker] as pg.Client;
        return batch === 1 ? oneByOne(client) : inBatches(client, batch);
      }),
    finished: () =>
      // A run that is in no history was not moved under the guard.
      database.number(
        `select count(*)
         from public.telemetry_analysis_runs run
         where run.status = 'SUCCEEDED'
           and (select count(*) from public.state_transitions moved where moved.entity_id = run.run_id) = 3`,
      ),
  };
};
