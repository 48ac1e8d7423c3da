import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { withDatabase } from "../../local/bootstrap.ts";
import { migrate } from "../../local/migrate.ts";
import { repositoryRoot } from "../../local/paths.ts";
import { type ScratchDatabase, withScratchDatabase } from "../../local/scratch-database.ts";
import { remoteDatabase, supabaseCli } from "../../local/supabase-cli.ts";
import { type Contents, connected, contentsOf, fillWithLife } from "./busy-database.ts";
import { findPostgresTools, type PostgresTools, runScript, runTool } from "./postgres-tools.ts";
import { workThrough } from "./work-through.ts";

const tools = await findPostgresTools();
const time = 120_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "leo-backup-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs `work` with what was dumped from a database that is in use and is gone by then, and what was in it. */
async function withDump<T>(
  { serverPackage }: PostgresTools,
  dump: (source: ScratchDatabase) => Promise<T>,
  work: (dumped: T, contents: Contents, target: ScratchDatabase) => Promise<void>,
): Promise<void> {
  const { dumped, contents } = await withScratchDatabase(
    async (source) => {
      await fillWithLife(source.url);
      return { dumped: await dump(source), contents: await contentsOf(source.adminUrl) };
    },
    { serverPackage },
  );
  await withScratchDatabase((target) => work(dumped, contents, target), { serverPackage, migrated: false });
}

const onSameServer = (database: ScratchDatabase, name: string): ScratchDatabase => ({
  url: withDatabase(database.url, name),
  adminUrl: withDatabase(database.adminUrl, name),
});

async function createDatabase({ adminUrl }: ScratchDatabase, name: string, template: string): Promise<void> {
  await connected(withDatabase(adminUrl, "template1"), (client) =>
    client.query(`create database ${name} template ${template} owner postgres`),
  );
}

async function expectToWork(restored: ScratchDatabase, contents: Contents): Promise<void> {
  expect(await contentsOf(restored.adminUrl)).toEqual(contents);
  // Which migrations are applied came along: there is nothing to do.
  await migrate(restored.url);
  expect(await contentsOf(restored.adminUrl)).toEqual(contents);
  await workThrough(restored.url, inject("driver"));
}

/** What `supabase db dump` runs in a container, run here. */
async function cliDump(on: PostgresTools, { url }: ScratchDatabase, name: string, args: string[]): Promise<string> {
  const { argument, env } = remoteDatabase(url);
  const { stdout } = await supabaseCli(["db", "dump", "--dry-run", ...args, argument], { env });
  const file = join(folder, `${name}.sql`);
  await writeFile(file, await runScript(on, stdout));
  return file;
}

/** As a role of the database, by hosted projects' rights: `postgres` is no superuser, and may set this. */
async function restoreFiles(on: PostgresTools, target: ScratchDatabase, files: string[]): Promise<void> {
  await connected(target.adminUrl, (client) =>
    client.query("grant set on parameter session_replication_role to postgres"),
  );
  const run = files.flatMap((file) => ["--file", file]);
  await runTool(on, "psql", [
    ...["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--dbname", target.url],
    ...run,
  ]);
}

/** close-defaults.sql, as docs/backup.md has it. */
async function closeDefaults(): Promise<string> {
  const document = await readFile(join(repositoryRoot, "docs", "backup.md"), "utf8");
  const [, sql = ""] = /```sql\n(alter default privileges[\s\S]*?)```/.exec(document) ?? [];
  expect(sql.split("\n").filter((line) => line !== "")).toHaveLength(3);
  return sql;
}

if (tools === null) {
  test("a backup cannot be tried on this machine: there is no pg_dump, pg_restore and psql of version 15 or newer", () => {
    console.warn("docs/backup.md was not tried: install postgresql-client-17, or put its programs into PATH");
    expect(tools).toBeNull();
  });
} else {
  describe(`with pg_dump ${tools.version}`, () => {
    test(
      "a whole database comes back on an empty server that has the roles",
      () =>
        withDump(
          tools,
          async ({ url }) => {
            const file = join(folder, "leo.dump");
            await runTool(tools, "pg_dump", ["--format=custom", "--file", file, "--dbname", url]);
            return file;
          },
          async (file, contents, target) => {
            await createDatabase(target, "restored", "template0");
            const restored = onSameServer(target, "restored");
            await runTool(tools, "pg_restore", [
              ...["--exit-on-error", "--single-transaction", "--dbname", restored.adminUrl],
              file,
            ]);
            await expectToWork(restored, contents);
          },
        ),
      time,
    );

    test(
      "what supabase db dump writes comes back in a new project",
      () =>
        withDump(
          tools,
          async (source) => ({
            roles: await cliDump(tools, source, "roles", ["--role-only"]),
            schema: await cliDump(tools, source, "schema", []),
            data: await cliDump(tools, source, "data", ["--data-only", "--use-copy"]),
            historySchema: await cliDump(tools, source, "history-schema", ["--schema", "supabase_migrations"]),
            historyData: await cliDump(tools, source, "history-data", [
              ...["--data-only", "--use-copy", "--schema", "supabase_migrations"],
            ]),
          }),
          async (files, contents, target) => {
            // A project that begins with Supabase's former, generous defaults.
            await createDatabase(target, "generous", "postgres");
            const generous = onSameServer(target, "generous");
            const order = [files.roles, files.schema, files.historySchema, files.data, files.historyData];
            await restoreFiles(tools, generous, order);
            const open = (await contentsOf(generous.adminUrl)).catalogue.filter(
              (line) => !contents.catalogue.includes(line),
            );
            expect(open.filter((line) => line.includes("anon TRUNCATE"))).not.toEqual([]);

            await createDatabase(target, "restored", "postgres");
            const restored = onSameServer(target, "restored");
            const closing = join(folder, "close-defaults.sql");
            await writeFile(closing, await closeDefaults());
            await restoreFiles(tools, restored, [closing, ...order]);
            await expectToWork(restored, contents);
          },
        ),
      time,
    );

    // The pitfall that docs/backup.md names first.
    test(
      "data alone comes back once where triggers rest, and not at all where they do not",
      () =>
        withScratchDatabase(
          async (source) => {
            await createDatabase(source, "copy", "postgres");
            const copy = onSameServer(source, "copy");
            await fillWithLife(source.url);
            // One row that the migrations have made in both.
            const dump = [
              "--data-only",
              "--schema=public",
              "--schema=auth",
              "--exclude-table=*.orchestration_summary_progress",
            ];
            const [plain, resting] = [join(folder, "plain.sql"), join(folder, "resting.sql")];
            await runTool(tools, "pg_dump", [...dump, "--file", plain, "--dbname", source.url]);
            await runTool(tools, "pg_dump", [...dump, "--disable-triggers", "--file", resting, "--dbname", source.url]);
            const restore = (file: string) =>
              runTool(tools, "psql", [
                ...["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"],
                ...["--dbname", copy.adminUrl, "--file", file],
              ]);
            await expect(restore(plain)).rejects.toThrow(/exec_quality_checkpoints_session_id_checkpoint_name_key/);
            await restore(resting);
            const inPublic = async (database: ScratchDatabase) => {
              const { rows, sequences } = await contentsOf(database.adminUrl);
              const ours = Object.entries(rows).filter(
                ([table]) => table.startsWith("public.") && table !== "public.orchestration_summary_progress",
              );
              return { rows: Object.fromEntries(ours), sequences };
            };
            const { rows, sequences } = await inPublic(copy);
            expect({ rows, sequences }).toEqual(await inPublic(source));
            expect(rows["public.state_transitions"]).toMatch(/^[1-9]\d+ rows/);
          },
          { serverPackage: tools.serverPackage },
        ),
      time,
    );
  });
}
