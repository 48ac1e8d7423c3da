import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CliOutput } from "../../local/supabase-cli.ts";
import { referenceTables } from "../conformance/documented.ts";
import { documentedBlocks } from "../docs/support/markdown.ts";
import { fillBaseline } from "../migrations/support/baseline-rows.ts";
import { baselineTables, checksums } from "../migrations/support/baseline-tables.ts";
import { lastOfBaseline, migrationFiles } from "../migrations/support/files.ts";
import { catalogueSnapshot } from "../support/catalogue-snapshot.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { documentedCommands } from "./documented-steps.ts";
import { type HostedProject, hostedProject } from "./hosted-project.ts";

/*
 * The README's section, command by command, on databases that have the documented tables and rows in them, and know
 * nothing of this project's migrations. `--remote`, the linked project, becomes `--remote=<url>`.
 */

/** What makes the documented tables of a baseline those of somebody else. */
const theirs = `
  drop schema supabase_migrations cascade;
  do $do$
  declare
    v_comment record;
  begin
    for v_comment in
      select named.type, named.identity from pg_description, pg_identify_object(classoid, objoid, objsubid) named
      where named.identity ~ '^public\\.' and named.type in ('table', 'function')
    loop
      execute format('comment on %s %s is null', v_comment.type, v_comment.identity);
    end loop;
    for v_comment in
      select attrelid::regclass as relation, attname from pg_attribute
      where attrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r')
        and attnum > 0
    loop
      execute format('comment on column %s.%I is null', v_comment.relation, v_comment.attname);
    end loop;
  end
  $do$;
  create or replace function public.update_sd_after_exec_completion() returns trigger language plpgsql
    as 'begin return new; end';
  create or replace function public.create_quality_checkpoints_from_session() returns trigger language plpgsql
    as 'begin return new; end';
  create or replace function public.update_telemetry_runs_updated_at() returns trigger language plpgsql
    as 'begin new.updated_at := now(); return new; end';
  grant execute on all functions in schema public to public, anon, authenticated, service_role;`;

const mentionsReferenceTables = new RegExp(`\\bpublic\\.(${referenceTables.join("|")})\\b`);
const isComment = (line: string) => line.startsWith("comment on ");
const isTheirFunction = (line: string) =>
  /^function CREATE OR REPLACE FUNCTION public\.(update_sd_after|create_quality|update_telemetry_runs)/.test(line);

let commands: string[];
let fresh: string[];
let project: HostedProject;
let admin: pg.Client;
let database: TestDatabase;

async function documentedDatabase(): Promise<void> {
  database = await createTestDatabase({ migratedTo: lastOfBaseline });
  await database.query(theirs);
  admin = new pg.Client({ connectionString: database.adminUrl });
  await admin.connect();
  await fillBaseline(admin, 100);
}

async function leave(): Promise<void> {
  await admin?.end();
  await database?.drop();
  await project?.remove();
}

async function runAll(chosen: string[]): Promise<Map<string, CliOutput>> {
  const printed = new Map<string, CliOutput>();
  for (const command of chosen) printed.set(command, await project.run(command, database.url));
  return printed;
}

const versionsOf = async () =>
  (
    await database.query<{ version: string }>("select version from supabase_migrations.schema_migrations order by 1")
  ).map(({ version }) => version);

beforeAll(async () => {
  commands = documentedCommands(
    await documentedBlocks("README.md", "Adopt a database that has the tables already", "sh"),
  );
  const head = await createTestDatabase();
  fresh = await catalogueSnapshot(await head.connect()).finally(() => head.drop());
});

describe("a database that has every documented table", () => {
  let printed: Map<string, CliOutput>;
  let rowsBefore: Record<string, string>;
  let rowsAfter: Record<string, string>;

  beforeAll(async () => {
    project = await hostedProject();
    await documentedDatabase();
    const tables = await baselineTables(admin);
    rowsBefore = await checksums(admin, tables);
    printed = await runAll(commands);
    rowsAfter = await checksums(admin, tables);
  }, 120_000);
  afterAll(leave);

  test("is adopted by the documented commands, which are these", () => {
    expect(commands.map((command) => command.replace(/ 2026.*| ".*/, ""))).toEqual([
      "npx supabase migration list --remote",
      "npx supabase db query --remote --read-only",
      "npx supabase migration repair --remote --status applied",
      "npx supabase db push --remote --include-all --dry-run",
      "npx supabase db push --remote --include-all",
    ]);
  });

  test("shows its tables beforehand, and that it has no migration", () => {
    const [list, query] = [...printed.values()];
    expect(query?.stdout).toContain("exec_handoff_preparations");
    expect(query?.stdout).toContain("strategic_directives_v2");
    expect(list?.stdout).toMatch(/`20260301000100` \| ` ` /);
  });

  test("is pushed what did not make its tables", async () => {
    const marked: string[] = commands[2]?.match(/\d{14}/g) ?? [];
    const files = await migrationFiles();
    expect(marked).toEqual(
      files.map(({ version }) => version).filter((version) => version > "20260301000100" && version <= lastOfBaseline),
    );
    const dryRun = [...printed.values()][3];
    const listed = `${dryRun?.stdout}${dryRun?.stderr}`.match(/\d{14}_\w+\.sql/g) ?? [];
    expect([...new Set(listed)].sort()).toEqual(
      files.filter(({ version }) => !marked.includes(version)).map(({ file }) => file),
    );
    expect(await versionsOf()).toEqual(files.map(({ version }) => version));
  });

  test("keeps every row", () => {
    expect(rowsAfter).toEqual(rowsBefore);
    for (const name of ["exec_implementation_sessions", "okr_generation_log", "orchestration_metrics"]) {
      expect(rowsBefore[`public.${name}`]).toMatch(/^101 rows/);
    }
  });

  test("differs from a new database by its trigger functions and comments, and by nothing else", async () => {
    const adopted = await catalogueSnapshot(admin);
    const missing = fresh.filter((line) => !adopted.includes(line));
    const more = adopted.filter((line) => !fresh.includes(line));
    expect(missing.filter((line) => !isComment(line) && !isTheirFunction(line))).toEqual([]);
    expect(more.filter((line) => !isTheirFunction(line))).toEqual([]);
    expect(more).toHaveLength(3);
    expect(missing.filter(isComment).length).toBeGreaterThan(50);
  });

  test("can be examined by the doctor", async () => {
    expect((await database.query("select * from leo.doctor()")).length).toBeGreaterThan(0);
  });
});

describe("a database with migrations of its own, without some of the tables", () => {
  const own = [
    ["20250101000000_their_first.sql", "create table public.theirs (id integer primary key);"],
    ["20990101000000_their_last.sql", "alter table public.theirs enable row level security;"],
  ] as const;

  beforeAll(async () => {
    project = await hostedProject();
    await documentedDatabase();
    await admin.query(`
      drop table public.okr_generation_log, public.strategic_vision;
      set role postgres;
      ${own.map(([, sql]) => sql).join("\n")}
      revoke all on public.theirs from anon, authenticated, service_role;
      alter table public.companies add column mission text;
      create policy theirs on public.companies for select to anon using (true);
      reset role;
      create schema supabase_migrations authorization postgres;
      set role postgres;
      create table supabase_migrations.schema_migrations (version text primary key, statements text[], name text);
      insert into supabase_migrations.schema_migrations (version, name)
      values ('20250101000000', 'their_first'), ('20990101000000', 'their_last');
      reset role`);
  });
  afterAll(leave);

  test("is pushed nothing while their files are missing", async () => {
    await expect(project.run(commands.at(-1) ?? "", database.url)).rejects.toThrow(
      "Remote migration versions not found in local migrations directory",
    );
    expect(await versionsOf()).toEqual(own.map(([file]) => file.slice(0, 14)));
  });

  test("is then adopted, and equal to a new one with their table, once it has this project's functions", async () => {
    const companies = async () =>
      (await catalogueSnapshot(admin)).filter((line) => /\b(on )?public\.companies\b/.test(line));
    const before = (await companies()).filter((line) => /^(column|relation|policy)/.test(line));
    for (const [file, sql] of own) await writeFile(join(project.workdir, "supabase", "migrations", file), sql);

    const [repair = "", , push = ""] = commands.slice(2).map((command) => command.replace("20260301000600 ", ""));
    await project.run(repair, database.url);
    for (const { version, text } of await migrationFiles()) {
      if (!repair.includes(version)) continue;
      const statements = text.match(/^create function [\s\S]+?\n\$\$;$|^(comment on|revoke) [\s\S]+?;$/gm) ?? [];
      for (const sql of statements) await database.query(sql.replace(/^create function/, "create or replace function"));
    }
    await project.run(push, database.url);

    const ours = (await migrationFiles()).map(({ version }) => version);
    expect(await versionsOf()).toEqual([...ours, ...own.map(([file]) => file.slice(0, 14))].sort());
    // Reference tables are theirs, with the comments they have.
    const comparable = (lines: string[]) =>
      lines.filter((line) => !line.includes("theirs") && !mentionsReferenceTables.test(isComment(line) ? line : ""));
    const adopted = comparable(await catalogueSnapshot(admin));
    const ofCompanies = (line: string) => /^(column public\.companies\.mission|relation public\.companies) /.test(line);
    const withoutCompanies = (lines: string[]) => lines.filter((line) => !ofCompanies(line));
    expect(withoutCompanies(adopted)).toEqual(withoutCompanies(comparable(fresh)));
    expect(await companies()).toEqual(expect.arrayContaining(before));
    expect(before.filter((line) => ofCompanies(line) || line.startsWith("policy theirs"))).toHaveLength(3);
  });
});
