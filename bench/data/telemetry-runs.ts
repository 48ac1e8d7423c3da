import type { BenchDatabase } from "../harness/lab.ts";

/** Adds runs that have succeeded over the last months, one per hundred in each of their scopes. */
export async function makeFinishedRuns(database: BenchDatabase, count: number): Promise<void> {
  // Without the triggers, which would write each into the history.
  await database.query("alter table public.telemetry_analysis_runs disable trigger user");
  await database.query(
    `insert into public.telemetry_analysis_runs
       (run_id, scope_type, scope_id, status, triggered_by, triggered_at, started_at, finished_at, duration_ms,
        output_ref)
     select gen_random_uuid(), 'workspace', format('old-%s', n % greatest($1::integer / 100, 1)), 'SUCCEEDED',
            'SESSION_START', at, at, at + interval '2 seconds', 2000, '{"rows_scanned": 1000}'
     from generate_series(1, $1::integer) n,
          lateral (select now() - interval '8 days' - interval '10 seconds' * n as at) times`,
    [count],
  );
  await database.query("alter table public.telemetry_analysis_runs enable trigger user");
  await database.query("vacuum analyze public.telemetry_analysis_runs");
}

/** A queue of so many runs, each of a scope of its own, and nobody at work on any. */
export async function makeQueue(database: BenchDatabase, count: number): Promise<void> {
  await database.query("delete from public.telemetry_analysis_runs where status in ('QUEUED', 'RUNNING')");
  await database.query(
    `insert into public.telemetry_analysis_runs (run_id, scope_type, scope_id, triggered_at)
     select gen_random_uuid(), 'workspace', format('queued-%s', n), now() - interval '1 millisecond' * ($1::integer - n)
     from generate_series(1, $1::integer) n`,
    [count],
  );
  await database.query("vacuum analyze public.telemetry_analysis_runs");
}
