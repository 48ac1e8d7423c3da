import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { migrate } from "../../local/migrate.ts";
import { remoteDatabase, supabaseCli } from "../../local/supabase-cli.ts";
import { catalogueSnapshot, ownTables, rowsOf } from "../support/catalogue-snapshot.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { emptyProject, type MigrationFile, migrationFiles, type Project } from "./support/files.ts";

/** Fails when a migration has done all that it does. */
const failure = "\n\nselect 1 / 0 as planted_failure;\n";

const files = await migrationFiles();
/** Each is a run of the CLI, so that a usual run tries one in six, others each time; LEO_EVERY_MIGRATION=1 tries all. */
const every = process.env.LEO_EVERY_MIGRATION ? 1 : 6;
const first = Math.floor(Math.random() * every);
const tried = files.map((file, index) => ({ ...file, index })).filter(({ index }) => index % every === first);
let project: Project;
/** Migrated file by file within one transaction each, without the CLI: what each leaves when it succeeds. */
let reference: TestDatabase;
/** Migrated by the CLI, which fails once at the end of each file. */
let database: TestDatabase;

beforeAll(async () => {
  project = await emptyProject();
  reference = await createTestDatabase({ migratedTo: "nothing" });
  database = await createTestDatabase({ migratedTo: "nothing" });
});
afterAll(async () => {
  await database.drop();
  await reference.drop();
  await project.remove();
});

/** Catalogue and number of rows. (Rows that migrations write hold times, which differ.) */
async function state(of: TestDatabase): Promise<string[]> {
  const client = await of.connect();
  try {
    const lines = await catalogueSnapshot(client);
    for (const table of await ownTables(client)) lines.push(`${table} ${await rowsOf(client, table, "''")}`);
    return lines;
  } finally {
    await client.end();
  }
}

const applied = async ({ query }: TestDatabase): Promise<string[]> => {
  const [history] = await query<{ there: boolean }>(
    "select to_regclass('supabase_migrations.schema_migrations') is not null as there",
  );
  if (!history?.there) return [];
  const rows = await query<{ version: string }>("select version from supabase_migrations.schema_migrations order by 1");
  return rows.map(({ version }) => version);
};

async function applyToReference({ text }: MigrationFile): Promise<void> {
  const client = await reference.connect();
  await client.query(`begin; ${text}; commit`);
  await client.end();
}

// One run of the CLI each: it applies the file before, and fails at the end of this one.
describe("a migration that fails at its very end leaves nothing, and can be run again", () => {
  test.each(tried.map((migration, turn) => [migration.file, migration, tried[turn - 1]?.index ?? 0] as const))(
    "%s",
    async (_name, { index, ...migration }, from) => {
      for (const before of files.slice(from, index)) {
        await project.put(before.file, before.text);
        await applyToReference(before);
      }
      await project.put(migration.file, `${migration.text}${failure}`);
      await expect(migrate(database.url, project.workdir)).rejects.toThrow(/division by zero/);
      expect(await applied(database)).toEqual(files.slice(0, index).map(({ version }) => version));
      expect(await state(database)).toEqual(await state(reference));
    },
  );

  test("and all of them, run again, lead to the head", async () => {
    for (const file of files.slice(tried.at(-1)?.index)) {
      await project.put(file.file, file.text);
      await applyToReference(file);
    }
    await migrate(database.url, project.workdir);
    expect(await applied(database)).toEqual(files.map(({ version }) => version));
    const head = await state(database);
    expect(head).toEqual(await state(reference));
    expect(head.length).toBeGreaterThan(500);
  });
});

// Why there may be no such statement in a file: the CLI runs it without a transaction then, all of it.
test("a file with a statement that no transaction takes would leave its first half", async () => {
  const last = "29990101000000_planted.sql";
  await project.put(
    last,
    `create table public.half (id integer); create index concurrently half_id on public.half (id);${failure}`,
  );
  await expect(migrate(database.url, project.workdir)).rejects.toThrow(/division by zero/);
  expect(await database.query("select to_regclass('public.half') as half")).toEqual([{ half: "half" }]);
  await database.query("drop table public.half");
});

test("supabase db push is one transaction per file, too", async () => {
  await project.put("29990101000000_planted.sql", `create table public.half (id integer);${failure}`);
  const { argument, env } = remoteDatabase(database.url);
  const before = await state(database);
  await expect(supabaseCli(["db", "push", "--yes", "--workdir", project.workdir, argument], { env })).rejects.toThrow(
    /division by zero/,
  );
  expect(await state(database)).toEqual(before);
  expect(await applied(database)).toEqual(files.map(({ version }) => version));
});
