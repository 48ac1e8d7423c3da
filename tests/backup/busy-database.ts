import pg from "pg";
import { seedDatabase } from "../../local/prepare-database.ts";
import { catalogueSnapshot, rowsOf } from "../support/catalogue-snapshot.ts";

/** Runs `work` with a connection of its own, in UTC so that times print alike everywhere. */
export async function connected<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, options: "-c timezone=UTC" });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The demo cast, with moves made since, an override, metrics that are rolled up, and marks for those that came late. */
export async function fillWithLife(url: string): Promise<void> {
  await seedDatabase(url, "a password for this test");
  await connected(url, async (client) => {
    await client.query(
      `select leo.override_status('telemetry_run', run_id, 'CANCELLED', 'not needed any more')
       from public.telemetry_analysis_runs where status = 'QUEUED' limit 1`,
    );
    for (let turn = 0; turn < 3; turn += 1) await client.query("select leo.roll_up_metrics()");
    await client.query(
      `insert into public.orchestration_metrics (company_id, recorded_at, action_count)
       select id, now() - interval '5 days', 3 from public.companies`,
    );
    await client.query("update leo.settings set session_stale_after = '12 hours'");
  });
}

/** Everything that a copy of the database has to have: see the keys. */
export interface Contents {
  catalogue: string[];
  /** By table, those of Auth and of the history of migrations as well. */
  rows: Record<string, string>;
  /** Where each sequence stands. */
  sequences: unknown[];
}

export function contentsOf(url: string): Promise<Contents> {
  return connected(url, async (client) => {
    // A view that was read back names columns which it did not name before; the lines of its columns have the names.
    const catalogue = (await catalogueSnapshot(client)).map((line) =>
      / kind [vm] /.test(line) ? line.replaceAll(/ AS "?\w+"?(?=,|\n|;)/g, "") : line,
    );
    const { rows: tables } = await client.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables
       where schemaname in ('public', 'leo', 'auth', 'supabase_migrations') order by 1`,
    );
    const rows: Record<string, string> = {};
    for (const { name } of tables) rows[name] = await rowsOf(client, name, "t::text");
    const sequences = await client.query(
      "select schemaname, sequencename, last_value from pg_sequences where schemaname in ('public', 'leo') order by 1, 2",
    );
    return { catalogue, rows, sequences: sequences.rows };
  });
}
