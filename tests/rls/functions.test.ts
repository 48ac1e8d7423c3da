import { afterAll, beforeAll, expect, test } from "vitest";
import { startDataApiOnly, type TestDataApi } from "../support/data-api.ts";
import { assemble, type Cast, oneOfEachRole, personNames } from "./support/cast.ts";
import { takeSnapshot } from "./support/snapshot.ts";

let api: TestDataApi;
let cast: Cast;

beforeAll(async () => {
  api = await startDataApiOnly();
  cast = await assemble(api);
});
afterAll(() => api.stop());

interface Callable {
  schema: string;
  name: string;
  /** A value for each parameter, by name. */
  parameters: Record<string, unknown>;
  isTrigger: boolean;
}

/** Meant to be called by clients; who may, and what each sees, has tests of its own (tests/summaries). */
const forClients = ["orchestration_summary"];

/** Every other function of this project, with something to call it with. */
async function projectFunctions(): Promise<Callable[]> {
  return cast.database.query<Callable>(
    `select
       pronamespace::regnamespace::text as schema,
       proname as name,
       coalesce(
         (
           select jsonb_object_agg(argument.name, case when type::regtype = 'jsonb'::regtype then '{}' end::jsonb)
           from unnest(proargnames, proargtypes::oid[]) as argument (name, type)
           where type is not null
         ),
         '{}'
       ) as parameters,
       prorettype = 'trigger'::regtype as "isTrigger"
     from pg_proc
     where pronamespace in ('public'::regnamespace, 'leo'::regnamespace) and proname <> all ($1)
     order by 1, 2`,
    [forClients],
  );
}

test("no other function of this project is called by anybody, and nothing changes", async () => {
  const functions = await projectFunctions();
  // Both schemas are there, or this proves nothing.
  expect(new Set(functions.map(({ schema }) => schema))).toEqual(new Set(["leo", "public"]));
  expect(functions.length).toBeGreaterThan(30);
  const before = await takeSnapshot(cast.database);
  let calls = 0;
  for (const { schema, name, parameters, isTrigger } of functions) {
    for (const personName of personNames) {
      const person = cast.people[personName];
      const call = (path: string, body: unknown, headers = {}) =>
        cast.send(person, `rpc/${path}`, { method: "POST", body, headers });
      const answers = [await call(name, parameters)];
      if (oneOfEachRole.includes(personName)) {
        answers.push(await call(name, {}));
        answers.push(await call(name, parameters, { "content-profile": schema }));
        answers.push(await call(`${schema}.${name}`, parameters));
        answers.push(await cast.send(person, `rpc/${name}`));
      }
      for (const response of answers) {
        calls += 1;
        const { code } = (await response.json()) as { code: string };
        const refusal = `${response.status} ${code}`;
        // PostgREST leaves out functions that return a trigger. The local Data API offers them, and PostgreSQL
        // refuses the call before it asks for rights.
        const allowed = ["404 PGRST202", "406 PGRST106", ...(isTrigger ? ["400 42804"] : [])];
        expect(allowed, `${personName} calls ${schema}.${name}`).toContain(refusal);
      }
    }
  }
  expect(await takeSnapshot(cast.database)).toEqual(before);
  console.info(`RPC: ${functions.length} functions, ${calls} calls, all refused`);
}, 120_000);

test.each([
  ["pg_sleep", { seconds: 5 }],
  ["set_config", { setting_name: "role", new_value: "postgres", is_local: true }],
  ["current_setting", { setting_name: "request.jwt.claims" }],
  ["query_to_xml", { query: "select * from auth.users", nulls: true, tableforest: true, targetns: "" }],
  ["pg_read_file", { filename: "/etc/passwd" }],
  ["lo_import", {}],
  ["pg_terminate_backend", { pid: 1 }],
  ["crypt", { password: "x", salt: "y" }],
  ["gen_random_uuid", {}],
  ["pg_stat_statements", { showtext: true }],
  ["uid", {}],
  ["jwt", {}],
  ["version", {}],
])("PostgreSQL's own %s is not callable", async (name, body) => {
  for (const personName of personNames) {
    const person = cast.people[personName];
    for (const path of [`rpc/${name}`, `rpc/pg_catalog.${name}`, `rpc/extensions.${name}`, `rpc/auth.${name}`]) {
      const response = await cast.send(person, path, { method: "POST", body });
      expect(`${personName} ${response.status}`).toBe(`${personName} 404`);
      expect(await response.json()).toMatchObject({ code: "PGRST202" });
    }
  }
});
