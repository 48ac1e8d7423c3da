import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { withDatabase } from "../../local/bootstrap.ts";
import { migrate } from "../../local/migrate.ts";
import { repositoryRoot } from "../../local/paths.ts";
import { type ScratchDatabase, withScratchDatabase } from "../../local/scratch-database.ts";
import { remoteDatabase, supabaseCli } from "../../local/supabase-cli.ts";
import { documentedBlocks } from "../docs/support/markdown.ts";
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

/** Runs lines of the document where its files are, or in `cwd`; fails with what they said. */
async function shell(on: PostgresTools, lines: string, env: Record<string, string>, cwd = folder): Promise<string> {
  const PATH = `${on.bin}${delimiter}${process.env.PATH}`;
  const { stdout } = await promisify(execFile)("bash", ["-ec", lines], { cwd, env: { ...process.env, ...env, PATH } });
  return stdout;
}

const wholeDatabase = () =>
  documentedBlocks("docs/backup.md", "The local database, or a server of your own", "sh").then(
    ([dump = "", restore = "", ...none]) => {
      expect(none).toEqual([]);
      return { dump, restore };
    },
  );

const hostedProject = async () => {
  const [dumps = "", restore = "", ...none] = await documentedBlocks("docs/backup.md", "A hosted project", "sh");
  expect(none).toEqual([]);
  const [closeDefaults = "", ...others] = await documentedBlocks("docs/backup.md", "A hosted project", "sql");
  expect(others).toEqual([]);
  return { dumps, restore, closeDefaults };
};

/** What the CLI would run in a container is run here: its --dry-run prints it. */
async function dumpAsDocumented(on: PostgresTools, { url }: ScratchDatabase, dumps: string): Promise<void> {
  const { argument, env } = remoteDatabase(url);
  const commands = [...dumps.matchAll(/^npx supabase db dump --remote (?:(.+) )?-f (\S+)$/gm)];
  expect(commands).toHaveLength(dumps.split("\n").length);
  for (const [, options, file = ""] of commands) {
    const { stdout } = await supabaseCli(["db", "dump", "--dry-run", ...(options?.split(" ") ?? []), argument], {
      env,
    });
    await writeFile(join(folder, file), await runScript(on, stdout));
  }
}

/** In a server of one's own `postgres` is no superuser, as on hosted projects, but may not set this. */
async function allowReplicationRole({ adminUrl }: ScratchDatabase): Promise<void> {
  await connected(adminUrl, (client) => client.query("grant set on parameter session_replication_role to postgres"));
}

/** Section "Verify": the doctor as told, nothing left to migrate, and counts that an operator compares. */
async function expectVerified(on: PostgresTools, { url }: ScratchDatabase): Promise<void> {
  const [commands = "", ...none] = await documentedBlocks("docs/backup.md", "Verify", "sh");
  expect(none).toEqual([]);
  // The doctor's exit code says whether it found something, which there was before.
  const lines = commands.replace(/^npm run doctor [^#\n]+/m, "$&|| [ $? -eq 1 ] ");
  const printed = await shell(on, lines, { NEW_DATABASE_URL: url }, repositoryRoot);
  expect(printed).toMatch(/up to date/i);
  const [counts = "", ...others] = await documentedBlocks("docs/backup.md", "Verify", "sql");
  expect(others).toEqual([]);
  const results = await connected(
    url,
    async (client) => (await client.query(counts)) as unknown as { rows: object[] }[],
  );
  expect(results.map(({ rows }) => rows.length > 0)).toEqual(results.map(() => true));
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
          async ({ url }) => shell(tools, (await wholeDatabase()).dump, { DB_URL: url }),
          async (_, contents, target) => {
            const superuser = withDatabase(target.adminUrl, "").replace(/\/$/, "");
            await shell(tools, (await wholeDatabase()).restore, { SUPERUSER: superuser });
            const restored = onSameServer(target, "restored");
            await expectToWork(restored, contents);
            await expectVerified(tools, restored);
          },
        ),
      time,
    );

    test(
      "what supabase db dump writes comes back in a new project",
      () =>
        withDump(
          tools,
          async (source) => dumpAsDocumented(tools, source, (await hostedProject()).dumps),
          async (_, contents, target) => {
            await allowReplicationRole(target);
            const { restore, closeDefaults } = await hostedProject();
            // A project that begins with Supabase's former, generous defaults.
            await createDatabase(target, "generous", "postgres");
            const generous = onSameServer(target, "generous");
            const openly = restore.replace(" --file close-defaults.sql", "");
            expect(openly).not.toBe(restore);
            await shell(tools, openly, { NEW_DATABASE_URL: generous.url });
            const open = (await contentsOf(generous.adminUrl)).catalogue.filter(
              (line) => !contents.catalogue.includes(line),
            );
            expect(open.filter((line) => line.includes("anon TRUNCATE"))).not.toEqual([]);

            await createDatabase(target, "restored", "postgres");
            const restored = onSameServer(target, "restored");
            await writeFile(join(folder, "close-defaults.sql"), closeDefaults);
            await shell(tools, restore, { NEW_DATABASE_URL: restored.url });
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
