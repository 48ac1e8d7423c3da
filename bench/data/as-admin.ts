import pg from "pg";
import type { BenchDatabase } from "../harness/lab.ts";

/** Runs `work` on a connection of the superuser. */
export async function asAdmin<T>(database: BenchDatabase, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: database.adminUrl });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The same with triggers and foreign keys off, as for rows that are made up by the million. */
export function withoutTriggers(database: BenchDatabase, work: (client: pg.Client) => Promise<void>): Promise<void> {
  return asAdmin(database, async (client) => {
    await client.query("set session_replication_role = replica");
    await work(client);
  });
}

/** What the server has counted of the statements that contain `text`. */
export function statementsSeen(
  database: BenchDatabase,
  text: string,
  role = "%",
): Promise<{ calls: number; rows: number }> {
  return asAdmin(database, async (client) => {
    const { rows } = await client.query(
      `select coalesce(sum(seen.calls), 0)::float as calls, coalesce(sum(seen.rows), 0)::float as rows
       from extensions.pg_stat_statements seen
       join pg_database on pg_database.oid = seen.dbid and pg_database.datname = current_database()
       where position($1 in seen.query) > 0
         and seen.query not like '%pg_stat_statements%'
         and seen.userid in (select oid from pg_roles where rolname like $2)`,
      [text, role],
    );
    return rows[0];
  });
}
