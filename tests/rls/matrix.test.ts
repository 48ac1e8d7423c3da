import type { PostgrestError, SupabaseClient } from "@supabase/supabase-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startDataApiOnly, type TestDataApi } from "../support/data-api.ts";
import { type Cells, matrix, type Person, type Rows, verbs, views } from "./matrix.ts";
import { assemble, type Cast } from "./support/cast.ts";
import { rowsOf, type TableRows } from "./support/rows.ts";
import { changesNothing } from "./support/snapshot.ts";

let api: TestDataApi;
let cast: Cast;
let tables: Record<string, TableRows>;

beforeAll(async () => {
  api = await startDataApiOnly();
  cast = await assemble(api);
  tables = rowsOf(cast);
});
afterAll(() => api.stop());

const cells = Object.entries(matrix).flatMap(([table, people]) =>
  (Object.entries(people) as [Person, Cells][]).flatMap(([person, rows]) =>
    verbs.map((verb, i) => ({ table, person, verb, rows: rows[i] as Rows })),
  ),
);
const of = (verb: (typeof verbs)[number]) =>
  cells.filter((cell) => cell.verb === verb).map(({ table, person, rows }) => [table, person, rows] as const);

/** A table as somebody has it before him, whatever its columns. */
function as(person: Person, table: string) {
  return (cast.people[person].client as SupabaseClient).from(table);
}

function rowsOfTable(table: string): TableRows {
  const rows = tables[table];
  if (!rows) throw new Error(`tests/rls/support/rows.ts does not say how to make a row of ${table}`);
  return rows;
}

const may = (rows: Rows, owner: string) => rows === "all" || rows.split(" ").includes(owner);

interface Stored {
  key: string;
  owner: string;
  row: Record<string, unknown>;
}

/** Every row of a table, as the owner of the tables sees it. */
async function stored(table: string): Promise<Stored[]> {
  const { key, owner } = rowsOfTable(table);
  return cast.database.query<Stored>(
    `select ${key}::text as key, ${owner} as owner, to_jsonb(${table}) as row from public.${table} order by ${key}`,
  );
}

/** Puts a row in as the owner; returns its key. */
async function put(table: string, row: Record<string, unknown>): Promise<string> {
  const { key } = rowsOfTable(table);
  const columns = Object.keys(row).join(", ");
  const [inserted] = await cast.database.query<{ key: string }>(
    `insert into public.${table} (${columns})
     select ${columns} from jsonb_populate_record(null::public.${table}, $1) returning ${key}::text as key`,
    [row],
  );
  return inserted?.key ?? "";
}

async function remove(table: string, keys: string[], withRow = true): Promise<void> {
  const { key, dependents } = rowsOfTable(table);
  if (dependents) await cast.database.query(dependents, [keys]);
  if (withRow) await cast.database.query(`delete from public.${table} where ${key}::text = any ($1)`, [keys]);
}

function expectDenied(person: Person, table: string, answer: { error: PostgrestError | null; status: number }): void {
  expect(answer.error).toMatchObject({ code: "42501", message: `permission denied for table ${table}` });
  expect(answer.status).toBe(person === "anon" ? 401 : 403);
}

test("the matrix has every table and view of schema public, and the tables are what is counted", async () => {
  const inCatalogue = await cast.database.query<{ name: string; is_view: boolean }>(
    `select relname as name, relkind in ('v', 'm') as is_view from pg_class
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')`,
  );
  const names = (areViews: boolean) =>
    inCatalogue.filter(({ is_view }) => is_view === areViews).map(({ name }) => name);
  expect(Object.keys(matrix).sort()).toEqual(names(false).sort());
  expect(Object.keys(views).sort()).toEqual(names(true).sort());
  expect(Object.keys(tables).sort()).toEqual(Object.keys(matrix).sort());
  const people = new Set(cells.map(({ person }) => person));
  const { length } = Object.keys(matrix);
  expect(cells).toHaveLength(length * people.size * verbs.length);
  console.info(`RLS matrix: ${length} tables × ${people.size} persons × ${verbs.length} verbs = ${cells.length} cells`);
});

describe("select", () => {
  test.each(of("select"))("of %s by %s: %s", async (table, person, rows) => {
    const { key } = rowsOfTable(table);
    const answer = await changesNothing(cast.database, async () => as(person, table).select());
    if (rows === "denied") {
      expectDenied(person, table, answer);
      expect(answer.data).toBeNull();
      return;
    }
    expect(answer.error).toBeNull();
    const all = await stored(table);
    const allowed = all.filter(({ owner }) => may(rows, owner));
    // A cell that no row of the cast can tell from "none" would prove nothing.
    if (rows !== "none") expect(allowed.length).toBeGreaterThan(0);
    if (rows !== "all") expect(allowed.length).toBeLessThan(all.length);
    expect(answer.data?.map((row) => String(row[key])).sort()).toEqual(allowed.map((row) => row.key).sort());
  });
});

describe("insert", () => {
  test.each(of("insert"))("into %s by %s: %s", async (table, person, rows) => {
    const { key, owners, make } = rowsOfTable(table);
    for (const owner of owners) {
      const row = await make(owner);
      const before = await stored(table);
      if (rows !== "denied" && may(rows, owner)) {
        expect(await as(person, table).insert(row)).toMatchObject({ error: null, status: 201 });
        const now = await stored(table);
        expect(now.filter((kept) => kept.key !== row[key])).toEqual(before);
        expect(now.filter((kept) => kept.key === row[key])).toMatchObject([{ owner, row }]);
        await remove(table, [row[key] as string]);
        continue;
      }
      const answer = await changesNothing(cast.database, async () => as(person, table).insert(row));
      if (rows === "denied") expectDenied(person, table, answer);
      else
        expect(answer).toMatchObject({
          status: 403,
          error: { code: "42501", message: `new row violates row-level security policy for table "${table}"` },
        });
    }
  });
});

describe("update", () => {
  test.each(of("update"))("of %s by %s: %s", async (table, person, rows) => {
    const { key, change } = rowsOfTable(table);
    const changed = change(`${person} was here`);
    const update = async () => as(person, table).update(changed).not(key, "is", null);
    if (rows === "denied" || rows === "none") {
      const answer = await changesNothing(cast.database, update);
      if (rows === "denied") expectDenied(person, table, answer);
      else expect(answer).toMatchObject({ error: null, status: 204 });
      return;
    }
    const before = await stored(table);
    expect(await update()).toMatchObject({ error: null, status: 204 });
    const now = await stored(table);
    expect(now.map((row) => row.key)).toEqual(before.map((row) => row.key));
    for (const [i, row] of now.entries()) {
      if (may(rows, row.owner)) expect(row.row).toMatchObject(changed);
      else expect(row).toEqual(before[i]);
    }
  });
});

describe("delete", () => {
  test.each(of("delete"))("from %s by %s: %s", async (table, person, rows) => {
    const { key, owners, make } = rowsOfTable(table);
    const doomed: string[] = [];
    for (const owner of owners) doomed.push(await put(table, await make(owner)));
    await remove(table, doomed, false);
    const erase = async () => as(person, table).delete().in(key, doomed);
    if (rows === "denied" || rows === "none") {
      const answer = await changesNothing(cast.database, erase);
      if (rows === "denied") expectDenied(person, table, answer);
      else expect(answer).toMatchObject({ error: null, status: 204 });
    } else {
      const before = await stored(table);
      expect(await erase()).toMatchObject({ error: null, status: 204 });
      const kept = before.filter((row) => !doomed.includes(row.key) || !may(rows, row.owner));
      expect(kept.length).toBeLessThan(before.length);
      expect(await stored(table)).toEqual(kept);
    }
    await remove(table, doomed);
  });
});

describe("views", () => {
  const seen = Object.entries(views).flatMap(([view, people]) =>
    (Object.entries(people) as [Person, "denied" | "all"][]).map(([person, rows]) => [view, person, rows] as const),
  );

  test.each(seen)("%s by %s: %s", async (view, person, rows) => {
    const answer = await as(person, view).select();
    if (rows === "denied") {
      expect(answer.error).toMatchObject({ code: "42501", message: `permission denied for view ${view}` });
      return;
    }
    const [all] = await cast.database.query<{ count: number }>(`select count(*)::integer from public.${view}`);
    expect(all?.count).toBeGreaterThan(0);
    expect(answer.error).toBeNull();
    expect(answer.data).toHaveLength(all?.count ?? 0);
  });

  test.each(seen)("%s is not written through by %s", async (view, person) => {
    const [row] = await cast.database.query<Record<string, unknown>>(`select * from public.${view}`);
    const [column] = Object.keys(row ?? {}) as [string];
    const answers = await changesNothing(cast.database, async () => [
      await as(person, view).insert({ [column]: row?.[column] }),
      await as(person, view)
        .update({ [column]: row?.[column] })
        .not(column, "is", null),
      await as(person, view).delete().not(column, "is", null),
    ]);
    // For want of a grant, or because such a view cannot be written through by anybody.
    for (const { error } of answers) expect(["42501", "55000"]).toContain(error?.code);
  });
});
