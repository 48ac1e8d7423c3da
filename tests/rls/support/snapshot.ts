import { expect } from "vitest";
import type { TestDatabase } from "../../support/database.ts";

/** Every row of schemas public and leo, and every user, as the owner sees them. */
export async function takeSnapshot(database: TestDatabase): Promise<string[]> {
  const tables = await database.query<{ name: string }>(
    `select format('%I.%I', nspname, relname) as name
     from pg_class join pg_namespace on pg_namespace.oid = relnamespace
     where relkind in ('r', 'p') and (nspname in ('public', 'leo') or (nspname, relname) = ('auth', 'users'))
     order by 1`,
  );
  const rows = await database.query<{ row: string }>(
    tables
      .map(({ name }) => `select '${name} ' || to_jsonb(found)::text as row from ${name} found`)
      .join(" union all "),
  );
  return rows.map(({ row }) => row).sort();
}

/** Asserts that something leaves every row as it was; returns what it returns. */
export async function changesNothing<T>(database: TestDatabase, work: () => Promise<T>): Promise<T> {
  const before = await takeSnapshot(database);
  const result = await work();
  expect(await takeSnapshot(database)).toEqual(before);
  return result;
}
