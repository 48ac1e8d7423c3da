import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { repositoryRoot } from "../../local/paths.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

const roles = ["anon", "authenticated", "service_role"] as const;
type Role = (typeof roles)[number];

/** Privileges of each role, by object. */
type Matrix = Record<string, Record<Role, string[]>>;

let database: TestDatabase;
let document: string;

beforeAll(async () => {
  database = await createTestDatabase();
  document = await readFile(join(repositoryRoot, "docs", "privileges.md"), "utf8");
});
afterAll(() => database.drop());

/** A table of the document: the first column names the object, the roles have a column each. */
function written(heading: string): Matrix {
  const section = document.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  const [header, , ...lines] = section
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) => line.split("|").map((cell) => cell.trim()));
  const privileges = (cell = "") => (cell === "–" ? [] : cell.split(", ").sort());
  const matrix: Matrix = {};
  for (const cells of lines) {
    const of = (role: Role) => privileges(cells[header?.indexOf(role) ?? -1]);
    const name = (cells[1] ?? "").replaceAll("`", "");
    expect(Object.keys(matrix)).not.toContain(name);
    matrix[name] = { anon: of("anon"), authenticated: of("authenticated"), service_role: of("service_role") };
  }
  return matrix;
}

/** As the catalogue has it; `query` lists object, role and one privilege that the role has, or null for none. */
async function found(query: string): Promise<Matrix> {
  const rows = await database.query<{ object: string; role: Role; privilege: string | null }>(query);
  const matrix: Matrix = {};
  for (const { object, role, privilege } of rows) {
    matrix[object] ??= { anon: [], authenticated: [], service_role: [] };
    if (privilege) matrix[object][role].push(privilege);
  }
  for (const row of Object.values(matrix)) for (const role of roles) row[role].sort();
  return matrix;
}

const roleList = `unnest(array['${roles.join("','")}']) as role`;
const tablePrivileges = `unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger',
  'maintain']) as privilege`;

describe("docs/privileges.md is what the catalogue has", () => {
  test("of tables and views that the Data API exposes", async () => {
    const inCatalogue = await found(`
      select relname as object, role,
        case when has_table_privilege(role, oid, privilege) then privilege end as privilege
      from pg_class, ${roleList}, ${tablePrivileges}
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')`);
    expect(Object.keys(inCatalogue).length).toBeGreaterThan(10);
    expect(inCatalogue).toEqual(written("Tables"));
  });

  test("of columns: none has more than its table", async () => {
    const more = await database.query(`
      select attrelid::regclass::text as relation, attname, role, privilege
      from pg_attribute, ${roleList}, unnest(array['select', 'insert', 'update', 'references']) as privilege
      where attrelid in (
          select oid from pg_class where relnamespace in ('public'::regnamespace, 'leo'::regnamespace)
            and relkind in ('r', 'p', 'v', 'm', 'f')
        )
        and attnum > 0 and not attisdropped
        and has_column_privilege(role, attrelid, attnum, privilege)
          is distinct from has_table_privilege(role, attrelid, privilege)`);
    expect(more).toEqual([]);
  });

  test("of tables, views and sequences besides: nobody has anything", async () => {
    const open = await database.query(`
      select oid::regclass::text as object, role, privilege
      from pg_class, ${roleList}, ${tablePrivileges}
      where relnamespace = 'leo'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')
        and has_table_privilege(role, oid, privilege)
      union all
      select oid::regclass::text, role, privilege
      from pg_class, ${roleList}, unnest(array['usage', 'select', 'update']) as privilege
      where relnamespace in ('public'::regnamespace, 'leo'::regnamespace) and relkind = 'S'
        and has_sequence_privilege(role, oid, privilege)`);
    expect(open).toEqual([]);
  });

  test("of functions", async () => {
    const inCatalogue = await found(`
      select format('%s.%s(%s)', pronamespace::regnamespace, proname, pg_get_function_identity_arguments(oid)) as object,
        role, 'execute' as privilege
      from pg_proc, ${roleList}
      where pronamespace in ('public'::regnamespace, 'leo'::regnamespace)
        and has_function_privilege(role, oid, 'execute')`);
    expect(inCatalogue).toEqual(written("Functions"));
  });

  test("of schemas", async () => {
    const inCatalogue = await found(`
      select nspname as object, role,
        case when has_schema_privilege(role, oid, privilege) then privilege end as privilege
      from pg_namespace, ${roleList}, unnest(array['usage', 'create']) as privilege
      where nspname in ('public', 'leo')`);
    expect(inCatalogue).toEqual(written("Schemas"));
  });
});

test("PUBLIC, which every role belongs to, has nothing but the use of schema public", async () => {
  const granted = await database.query(`
    select object, privilege_type
    from (
      select oid::regclass::text as object, relacl as acl from pg_class
      where relnamespace in ('public'::regnamespace, 'leo'::regnamespace) and relkind in ('r', 'p', 'v', 'm', 'f', 'S')
      union all
      select oid::regprocedure::text, coalesce(proacl, acldefault('f', proowner)) from pg_proc
      where pronamespace in ('public'::regnamespace, 'leo'::regnamespace)
      union all
      select oid::regtype::text, typacl from pg_type
      where typnamespace in ('public'::regnamespace, 'leo'::regnamespace)
      union all
      select nspname, nspacl from pg_namespace where nspname in ('public', 'leo')
    ) owned, aclexplode(acl)
    where grantee = 0`);
  expect(granted).toEqual([{ object: "public", privilege_type: "USAGE" }]);
});

test("no API role is a member of another role", async () => {
  const members = await database.query(
    `
    select member::regrole::text as member from pg_auth_members
    where member in (select oid from pg_roles where rolname = any ($1))`,
    [roles],
  );
  expect(members).toEqual([]);
});

describe("what a later migration makes", () => {
  const made = "later_on";

  beforeAll(async () => {
    await database.query(`create table public.${made} (id bigint generated always as identity, value text)`);
    await database.query(`create view public.${made}_seen as select * from public.${made}`);
    await database.query(`create function public.${made}() returns integer language sql as 'select 1'`);
    await database.query(`create function leo.${made}() returns integer language sql as 'select 1'`);
  });
  afterAll(async () => {
    await database.query(`drop function leo.${made}(), public.${made}()`);
    await database.query(`drop table public.${made} cascade`);
  });

  test("is out of reach for clients, and rows to services", async () => {
    const inCatalogue = await found(`
      select relname as object, role,
        case when has_table_privilege(role, oid, privilege) then privilege end as privilege
      from pg_class, ${roleList}, ${tablePrivileges}
      where relname in ('${made}', '${made}_seen')`);
    const rowsToServices = { anon: [], authenticated: [], service_role: ["delete", "insert", "select", "update"] };
    expect(inCatalogue).toEqual({ [made]: rowsToServices, [`${made}_seen`]: rowsToServices });
  });

  test("is not for clients to call", async () => {
    const inCatalogue = await found(`
      select pronamespace::regnamespace::text as object, role,
        case when has_function_privilege(role, oid, 'execute') then 'execute' end as privilege
      from pg_proc, ${roleList} where proname = '${made}'`);
    expect(inCatalogue).toEqual({
      public: { anon: [], authenticated: [], service_role: ["execute"] },
      leo: { anon: [], authenticated: [], service_role: [] },
    });
  });
});
