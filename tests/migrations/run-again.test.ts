import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { migrate } from "../../local/migrate.ts";
import { repositoryRoot } from "../../local/paths.ts";
import { remoteDatabase, supabaseCli } from "../../local/supabase-cli.ts";
import { catalogueSnapshot, ownTables, rowsOf } from "../support/catalogue-snapshot.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { lastOfBaseline, migrationFiles } from "./support/files.ts";

/** Catalogue and rows, each row with the transaction that wrote it: the same values written again would show. */
async function everything(database: TestDatabase): Promise<string[]> {
  const client = await database.connect();
  try {
    const lines = await catalogueSnapshot(client);
    for (const table of [...(await ownTables(client)), "auth.users", "supabase_migrations.schema_migrations"]) {
      lines.push(`${table} ${await rowsOf(client, table, "t.xmin::text || t::text")}`);
    }
    return lines;
  } finally {
    await client.end();
  }
}

const applied = async (database: TestDatabase) => {
  const rows = await database.query<{ version: string }>(
    "select version from supabase_migrations.schema_migrations order by 1",
  );
  return rows.map(({ version }) => version);
};

describe("on a database that has every migration and is in use", () => {
  let database: TestDatabase;
  let before: string[];

  beforeAll(async () => {
    database = await createTestDatabase();
    await database.query(await readFile(join(repositoryRoot, "supabase", "seed.sql"), "utf8"));
    before = await everything(database);
  });
  afterAll(() => database.drop());

  test("what is compared would show a row that was written again, and a comment that changed", async () => {
    const other = await createTestDatabase();
    try {
      const first = await everything(other);
      await other.query("update leo.settings set session_stale_after = session_stale_after");
      const second = await everything(other);
      expect(second).not.toEqual(first);
      await other.query("comment on table public.orchestration_metrics is 'Something else.'");
      expect(await everything(other)).not.toEqual(second);
    } finally {
      await other.drop();
    }
  });

  test.each([
    ["migration up", ["migration", "up", "--yes"]],
    ["db push", ["db", "push", "--yes"]],
    ["db push --include-all", ["db", "push", "--yes", "--include-all"]],
  ])("supabase %s changes nothing", async (_name, args) => {
    const { argument, env } = remoteDatabase(database.url);
    await supabaseCli([...args, argument], { env });
    expect(await everything(database)).toEqual(before);
  });
});

describe("a migration that has to wait for a long transaction", () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase({ migratedTo: lastOfBaseline });
  });
  afterAll(() => database.drop());

  test("gives up after five seconds, leaves nothing, and succeeds when it is run again", async () => {
    const versions = (await migrationFiles()).map(({ version }) => version);
    const reader = await database.connect();
    await reader.query("begin");
    await reader.query("select from public.exec_implementation_sessions limit 1");

    await expect(migrate(database.url)).rejects.toThrow(/lock timeout/);
    // The first that needs the table alone: 20260302000100, which adds a column.
    expect(await applied(database)).toEqual(versions.filter((version) => version < "20260302000100"));
    const columns = await database.query(
      `select attname from pg_attribute
       where attrelid = 'public.exec_implementation_sessions'::regclass and attname = 'attempt'`,
    );
    expect(columns).toEqual([]);

    await reader.query("commit");
    await migrate(database.url);
    expect(await applied(database)).toEqual(versions);
  }, 60_000);

  test("says so at its beginning: every file sets the limit before anything else", async () => {
    for (const { file, text } of await migrationFiles()) {
      const statements = text.replaceAll(/^--.*\n/gm, "").trim();
      expect(statements.startsWith("set local lock_timeout = '5s';"), file).toBe(true);
    }
  });
});

// The CLI runs such a file without a transaction, or what comes after the statement in another one.
test("no file ends its transaction, or has a statement that cannot run in one", async () => {
  for (const { file, text } of await migrationFiles()) {
    const statements = text.replaceAll(/(\$\w*\$).*?\1/gs, "''").replaceAll(/--.*$/gm, "");
    expect(statements, file).not.toMatch(
      /(^|;)\s*(begin|commit|end|rollback|start transaction|vacuum)\b|\bconcurrently\b/i,
    );
  }
});
