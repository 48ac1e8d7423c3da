import { afterAll, beforeAll, expect, test } from "vitest";
import { startDataApiOnly } from "../support/data-api.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

// What hangs on when the local Data API is started, or by whom.

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test("the local Data API answers what PostgREST answers for a status that SQL chose", async () => {
  // The schema is read once, at the start.
  await database.query(
    `create function public.refuse() returns void language plpgsql set search_path = '' as
     $$ begin raise exception 'not now' using errcode = 'PT409', detail = 'why', hint = 'try later'; end $$`,
  );
  const api = await startDataApiOnly(database);
  const headers = { apikey: api.secretKey, "content-type": "application/json" };
  const response = await fetch(`${api.url}/rest/v1/rpc/refuse`, { method: "POST", headers, body: "{}" });
  expect(response.status).toBe(409);
  expect(await response.json()).toEqual({ code: "PT409", message: "not now", details: "why", hint: "try later" });
  await api.stop();
});

test("serving requests grants nobody anything", async () => {
  await database.query("revoke all on public.companies from anon, service_role");
  const grants = `
    select n.nspname, n.nspacl::text, c.relname, c.relacl::text
    from pg_namespace n left join pg_class c on c.relnamespace = n.oid
    where n.nspname in ('public', 'leo', 'auth')
    order by 1, 3`;
  const before = await database.query(grants);
  const served = await startDataApiOnly(database);
  expect((await served.client(served.secretKey).from("companies").select()).error?.code).toBe("42501");
  expect((await served.client(served.secretKey).from("ventures").select()).error).toBeNull();
  expect(await database.query(grants)).toEqual(before);
  await served.stop();
});
