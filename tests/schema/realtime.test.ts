import pg from "pg";
import { afterEach, expect, test } from "vitest";
import { migrate } from "../../local/migrate.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startedSession } from "../transitions/events.ts";

/** What the README says can be watched. */
const watched = [
  "exec_handoff_preparations",
  "exec_implementation_sessions",
  "exec_quality_checkpoints",
  "okr_generation_log",
  "state_transitions",
  "telemetry_analysis_runs",
];

/** The last migration before those of the dashboards. */
const before = { migratedTo: "20260304000400" };

let database: TestDatabase;
afterEach(() => database.drop());

const published = async () =>
  (
    await database.query<{ name: string }>(
      `select format('%s.%s', schemaname, tablename) as name from pg_publication_tables
       where pubname = 'supabase_realtime' order by 1`,
    )
  ).map(({ name }) => name);

async function asSuperuser(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: database.adminUrl });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

const inPublic = watched.map((name) => `public.${name}`);

test("what dashboards watch is published, and nothing else", async () => {
  database = await createTestDatabase();
  expect(await published()).toEqual(inPublic);
});

test("what is published is known by its primary key, so that it can still be changed", async () => {
  database = await createTestDatabase();
  const identities = await database.query(
    `select relname as name, relreplident as identity,
       exists (select from pg_index where indrelid = pg_class.oid and indisprimary) as keyed
     from pg_class where oid = any (select format('%I.%I', schemaname, tablename)::regclass from pg_publication_tables)
     order by 1`,
  );
  expect(identities).toEqual(watched.map((name) => ({ name, identity: "d", keyed: true })));
});

test("a project that publishes one of the tables already gets the others", async () => {
  database = await createTestDatabase(before);
  await database.query("alter publication supabase_realtime add table public.okr_generation_log, public.companies");
  await migrate(database.url);
  expect(await published()).toEqual(["public.companies", ...inPublic]);
});

test.each(["tables in schema public", "all tables"])(
  "a project that publishes %s keeps its publication as it is, and can still be worked with",
  async (what) => {
    database = await createTestDatabase(before);
    await asSuperuser(`drop publication supabase_realtime; create publication supabase_realtime for ${what}`);
    await migrate(database.url);
    expect(await published()).toEqual(expect.arrayContaining(inPublic));
    expect(await database.query("select from pg_publication_rel")).toEqual([]);

    // PostgreSQL refuses updates and deletions of published tables that have no key.
    const { id } = await startedSession(database);
    await database.query("select leo.override_status('exec_session', $1, 'cancelled', 'by hand')", [id]);
  },
);

test("a database without Realtime is migrated all the same", async () => {
  database = await createTestDatabase(before);
  await database.query("drop publication supabase_realtime");
  await migrate(database.url);
  expect(await published()).toEqual([]);
  expect(await database.query("select from pg_publication")).toEqual([]);
});

test("a role that may not alter the publication is told so, and the migration goes on", async () => {
  database = await createTestDatabase(before);
  await asSuperuser("alter publication supabase_realtime owner to supabase_admin");
  await migrate(database.url);
  expect(await published()).toEqual([]);
});
