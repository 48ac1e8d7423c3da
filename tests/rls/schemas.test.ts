import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startDataApiOnly, type TestDataApi } from "../support/data-api.ts";
import { assemble, type Cast, oneOfEachRole, personNames } from "./support/cast.ts";
import { changesNothing } from "./support/snapshot.ts";

let api: TestDataApi;
let cast: Cast;

beforeAll(async () => {
  api = await startDataApiOnly();
  cast = await assemble(api);
});
afterAll(() => api.stop());

/** Every table and view outside public that a client might be after. */
async function relationsElsewhere(): Promise<{ schema: string; name: string }[]> {
  return cast.database.query(
    `select nspname as schema, relname as name
     from pg_class join pg_namespace on pg_namespace.oid = relnamespace
     where relkind in ('r', 'p', 'v', 'm')
       and (
         nspname in ('leo', 'auth', 'extensions', 'storage', 'supabase_migrations', 'vault')
         or (nspname, relname) in (
           ('pg_catalog', 'pg_roles'), ('pg_catalog', 'pg_authid'), ('pg_catalog', 'pg_stat_activity'),
           ('information_schema', 'tables')
         )
       )
     order by 1, 2`,
  );
}

const bodyOf = (method: string) => (method === "DELETE" ? undefined : { key: "x" });

test("no table of another schema than public is reached by anybody, under any name", async () => {
  const relations = await relationsElsewhere();
  const schemas = new Set(relations.map(({ schema }) => schema));
  for (const schema of ["leo", "auth", "supabase_migrations", "pg_catalog"]) expect(schemas).toContain(schema);
  let requests = 0;
  await changesNothing(cast.database, async () => {
    for (const { schema, name } of relations) {
      for (const personName of personNames) {
        const person = cast.people[personName];
        const headers = { "accept-profile": schema, "content-profile": schema };
        const sent = [cast.send(person, name, { headers })];
        if (oneOfEachRole.includes(personName)) {
          for (const method of ["POST", "PATCH", "DELETE"]) {
            sent.push(cast.send(person, name, { method, body: bodyOf(method), headers }));
            sent.push(cast.send(person, name, { method, body: bodyOf(method) }));
          }
          sent.push(cast.send(person, name));
          sent.push(cast.send(person, `${schema}.${name}`));
        }
        for (const response of await Promise.all(sent)) {
          requests += 1;
          const { code } = (await response.json()) as { code: string };
          expect(["406 PGRST106", "404 PGRST205"], `${personName}: ${schema}.${name}`).toContain(
            `${response.status} ${code}`,
          );
        }
      }
    }
  });
  console.info(`Other schemas: ${relations.length} tables, ${requests} requests, all refused`);
}, 120_000);

describe("a schema that is not exposed", () => {
  test.each([
    "leo",
    "auth",
    "pg_catalog",
    "information_schema",
    "extensions",
    "public, leo",
    "PUBLIC",
    '"leo"',
    "%6ceo",
  ])("is not chosen by a header: %s", async (schema) => {
    for (const personName of personNames) {
      const response = await cast.send(cast.people[personName], "companies", {
        headers: { "accept-profile": schema },
      });
      expect(response.status).toBe(406);
      expect(await response.json()).toMatchObject({ code: "PGRST106" });
    }
  });

  test("is not chosen by supabase-js", async () => {
    const { client } = cast.people.service;
    // The type of the client knows of public only, which is what this goes around.
    const elsewhere = client as unknown as { schema(name: string): typeof client };
    for (const [schema, table] of [
      ["leo", "idempotency_keys"],
      ["leo", "status_overrides"],
      ["leo", "state_transitions_allowed"],
      ["auth", "users"],
    ] as const) {
      const { data, error, status } = await elsewhere
        .schema(schema)
        .from(table as "companies")
        .select();
      expect({ data, status, code: error?.code }).toEqual({ data: null, status: 406, code: "PGRST106" });
    }
  });
});

test.each(["users", "auth.users", '"auth"."users"', "public.users", "pg_stat_statements", "idempotency_keys"])(
  "no path leads there: %s",
  async (path) => {
    for (const personName of personNames) {
      const response = await cast.send(cast.people[personName], encodeURIComponent(path));
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ code: "PGRST205" });
    }
  },
);
