import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repositoryRoot } from "../../local/paths.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { readCatalogue } from "./catalogue.ts";
import { differences } from "./compare.ts";
import deliberateDifferences from "./deliberate-differences.json" with { type: "json" };
import { documentedFacts, referenceTables } from "./documented.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe("the documented tables today", () => {
  it("differ from the documents as listed, and in nothing else", async () => {
    const found = differences(documentedFacts, await readCatalogue(await database.connect(), referenceTables));
    const listed = deliberateDifferences.map(({ reason: _, ...difference }) => difference);
    expect(found).toEqual(listed.sort((one, other) => (one.path < other.path ? -1 : 1)));
  });

  it("have each policy that differs in the README's table", async () => {
    const readme = await readFile(join(repositoryRoot, "README.md"), "utf8");
    const inTable = [...readme.matchAll(/^\| `(\w+)`: `([^`]+)` \|/gm)].map(
      ([, table, name]) => `${table}.policies.${name}`,
    );
    const different = deliberateDifferences.map(({ path }) => path).filter((path) => path.includes(".policies."));
    expect(inTable.sort()).toEqual(different.sort());
  });

  it("have a reason for each difference", () => {
    expect(deliberateDifferences.filter(({ reason }) => reason.trim().length < 20)).toEqual([]);
  });
});

/** Runs a query that lists offenders by name. */
async function offenders(sql: string): Promise<string[]> {
  return (await database.query<{ offender: string }>(sql)).map(({ offender }) => offender);
}

describe("the whole schema", () => {
  it("has a comment on every table and view", async () => {
    expect(
      await offenders(`
        select oid::regclass::text as offender from pg_class
        where relnamespace in ('public'::regnamespace, 'leo'::regnamespace) and relkind in ('r', 'p', 'v', 'm')
          and coalesce(obj_description(oid, 'pg_class'), '') = ''`),
    ).toEqual([]);
  });

  it("has a comment on every column of every table and view", async () => {
    expect(
      await offenders(`
        select format('%s.%s', attrelid::regclass, attname) as offender
        from pg_attribute
        join pg_class on pg_class.oid = attrelid
        where relnamespace in ('public'::regnamespace, 'leo'::regnamespace) and relkind in ('r', 'p', 'v', 'm')
          and attnum > 0 and not attisdropped
          and coalesce(col_description(attrelid, attnum), '') = ''`),
    ).toEqual([]);
  });

  it("has a comment on every function", async () => {
    expect(
      await offenders(`
        select oid::regprocedure::text as offender from pg_proc
        where pronamespace in ('public'::regnamespace, 'leo'::regnamespace)
          and coalesce(obj_description(oid, 'pg_proc'), '') = ''`),
    ).toEqual([]);
  });

  it("has row level security on every table that the Data API exposes", async () => {
    expect(
      await offenders(`
        select oid::regclass::text as offender from pg_class
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relrowsecurity`),
    ).toEqual([]);
  });

  it("pins the search_path of every function", async () => {
    expect(
      await offenders(`
        select oid::regprocedure::text as offender from pg_proc
        where pronamespace in ('public'::regnamespace, 'leo'::regnamespace)
          and not coalesce(proconfig, '{}') @> array['search_path=""']`),
    ).toEqual([]);
  });

  it("lets no API role call a function that runs with its owner's rights", async () => {
    expect(
      await offenders(`
        select format('%s may execute %s', role, pg_proc.oid::regprocedure) as offender
        from pg_proc, unnest(array['anon', 'authenticated', 'service_role']) as role
        where pronamespace in ('public'::regnamespace, 'leo'::regnamespace) and prosecdef
          and has_function_privilege(role, pg_proc.oid, 'execute')`),
    ).toEqual([]);
  });
});
