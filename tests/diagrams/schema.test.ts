import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { entityDiagram } from "../../local/diagrams/schema.ts";
import { repositoryRoot } from "../../local/paths.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let page: string;
let lines: string[];

beforeAll(async () => {
  database = await createTestDatabase();
  page = await readFile(join(repositoryRoot, "docs", "schema.md"), "utf8");
  const [, diagram = ""] = /^```mermaid\n([\s\S]*?)\n```$/m.exec(page) ?? [];
  lines = diagram.split("\n");
});

afterAll(() => database.drop());

/** Columns that are keys by table, with what they are, as the diagram has them. */
function drawn(): Record<string, string[]> {
  const tables: Record<string, string[]> = {};
  let open: string[] = [];
  for (const line of lines) {
    const [, table] = /^ {2}(\w+) \{$/.exec(line) ?? [];
    const [, column] = /^ {4}\S+ (\w+ (?:PK|FK|PK, FK))$/.exec(line) ?? [];
    if (table !== undefined) {
      open = [];
      tables[table] = open;
    } else if (column !== undefined) open.push(column);
  }
  return tables;
}

test("every line is one of the grammar", () => {
  const grammar = [
    /^erDiagram$/,
    /^ {2}\w+ \{$/,
    /^ {4}[A-Za-z_][\w()]* \w+ (?:PK|FK|PK, FK)$/,
    /^ {2}\}$/,
    /^ {2}(?:\w+|"[\w.]+") (?:\|\||\|o)--(?:o\{|o\|) \w+ : "[\w, ]+"$/,
  ];
  expect(lines.filter((line) => !grammar.some((form) => form.test(line)))).toEqual([]);
});

test("every table of the catalogue is drawn, once, with its keys and no other column", async () => {
  const rows = await database.query<{ name: string; keys: string[] }>(
    `select
       table_name as name,
       coalesce(
         (
           select array_agg(format('%s %s', column_name, kinds) order by position)
           from (
             select
               attname as column_name,
               attnum as position,
               string_agg(distinct case contype when 'p' then 'PK' else 'FK' end, ', ' order by
                 case contype when 'p' then 'PK' else 'FK' end desc) as kinds
             from pg_constraint
             join pg_attribute on attrelid = conrelid and attnum = any (conkey)
             where conrelid = format('public.%I', table_name)::regclass and contype in ('p', 'f')
             group by attname, attnum
           ) as key
         ),
         '{}'
       ) as keys
     from information_schema.tables
     where table_schema = 'public' and table_type = 'BASE TABLE'`,
  );
  expect(rows.length).toBeGreaterThan(15);
  expect(drawn()).toEqual(Object.fromEntries(rows.map(({ name, keys }) => [name, keys])));
  expect(lines.filter((line) => line.endsWith(" {"))).toHaveLength(rows.length);
});

test("every table has a section with every column, in their order", async () => {
  const rows = await database.query<{ name: string; columns: string[] }>(
    `select table_name as name, array_agg(column_name::text order by ordinal_position) as columns
     from information_schema.columns
     join information_schema.tables using (table_schema, table_name)
     where table_schema = 'public' and table_type = 'BASE TABLE'
     group by table_name`,
  );
  const sections = page.split("\n## ").slice(1);
  const described = sections.map((section) => {
    const columns = [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, column]) => column);
    return [section.split("\n")[0], columns];
  });
  expect(Object.fromEntries(described)).toEqual(Object.fromEntries(rows.map(({ name, columns }) => [name, columns])));
});

test("every foreign key is an edge, and every edge is one", async () => {
  const rows = await database.query<{ edge: string }>(
    `select conrelid::regclass || ' > ' || confrelid::regclass as edge from pg_constraint
     where contype = 'f' and connamespace = 'public'::regnamespace`,
  );
  const edges = lines.flatMap((line) => {
    const [, target = "", table] = /^ {2}(\S+) \S\S--\S\S (\w+) :/.exec(line) ?? [];
    return table === undefined ? [] : [`${table} > ${target.replaceAll('"', "")}`];
  });
  const plain = rows.map(({ edge }) => edge.replaceAll("public.", ""));
  expect(edges.sort()).toEqual(plain.sort());
  expect(edges.length).toBeGreaterThan(10);
});

test("an edge says whether a row needs the other, and whether it has it for itself", () => {
  const key = { columns: ["a_id"], target: "a", required: true, unique: false };
  const table = { name: "b", comment: null, primaryKey: [], columns: [], foreignKeys: [key] };
  const edge = (change: object) =>
    entityDiagram([{ ...table, foreignKeys: [{ ...key, ...change }] }])
      .split("\n")
      .at(-1);
  expect(edge({})).toBe('  a ||--o{ b : "a_id"');
  expect(edge({ required: false })).toBe('  a |o--o{ b : "a_id"');
  expect(edge({ unique: true, target: "auth.users" })).toBe('  "auth.users" ||--o| b : "a_id"');
});
