import { readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { repositoryRoot } from "../../local/paths.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { readCatalogue } from "./catalogue.ts";
import { referenceTables } from "./documented.ts";

// A project that already runs LEO has these tables in a form of its own.
const referenceMigration = "20260301000100";

let database: TestDatabase;
let client: pg.Client;
let migration: string;

beforeAll(async () => {
  database = await createTestDatabase({ migratedTo: referenceMigration });
  client = await database.connect();
  const file = `${referenceMigration}_reference_tables.sql`;
  migration = await readFile(join(repositoryRoot, "supabase", "migrations", file), "utf8");
});
afterAll(() => database.drop());
beforeEach(() => client.query("begin"));
afterEach(() => client.query("rollback"));

const comments = async () =>
  (
    await client.query(`
      select objoid::regclass::text as table_name, objsubid, description from pg_description
      where objoid in (select oid from pg_class where relnamespace = 'public'::regnamespace) order by 1, 2`)
  ).rows;

it("leaves existing tables exactly as they are", async () => {
  await client.query(`
    alter table ventures add column motto text default 'onward', add unique (name);
    alter table ventures disable row level security;
    drop policy companies_select on companies;
    create policy own_rule on companies for select to anon using (is_demo);
    alter table strategic_directives_v2 alter column created_at type timestamptz;
    alter table strategic_directives_v2 alter column title type text;
    comment on table strategic_vision is 'ours';
    comment on column strategic_vision.code is null;
    drop index idx_ventures_company_id;
  `);
  const before = { catalogue: await readCatalogue(client), comments: await comments() };
  await client.query(migration);
  expect({ catalogue: await readCatalogue(client), comments: await comments() }).toEqual(before);
});

it.each(referenceTables)("makes %s again when only that is missing", async (table) => {
  const before = await readCatalogue(client);
  await client.query(`drop table ${table} cascade`);
  await client.query(migration);
  const after = await readCatalogue(client);
  expect(after[table]).toEqual(before[table]);
});

it("names what an existing table lacks, and what to do", async () => {
  await client.query("alter table strategic_directives_v2 drop column current_phase, drop column is_working_on");
  await client.query("alter table companies alter column settings drop default");
  await client.query("alter table companies alter column settings type text");
  await expect(client.query(migration)).rejects.toMatchObject({
    message:
      "existing reference tables do not fit: companies.settings is text, needed is jsonb; " +
      "strategic_directives_v2.current_phase is missing; strategic_directives_v2.is_working_on is missing",
    hint: expect.stringContaining("alter table"),
  });
});

it("does not begin without Auth", async () => {
  const superuser = new pg.Client({ connectionString: database.adminUrl });
  await superuser.connect();
  try {
    await superuser.query("begin; drop schema auth cascade");
    await expect(superuser.query(migration)).rejects.toMatchObject({
      message: "auth.users does not exist",
      hint: expect.stringContaining("Supabase"),
    });
  } finally {
    await superuser.end();
  }
});
