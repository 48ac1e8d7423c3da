import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { emptyDatabase, holdsRows } from "../support/remote/empty.ts";

/** What is deleted without LEO_TEST_DELETE_DATA has to be nothing at all. */

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(() => emptyDatabase(database.query));

const user = (email: string) => `insert into auth.users (id, email) values (gen_random_uuid(), '${email}')`;

test("a database as the migrations leave it holds no rows", async () => {
  expect(await database.query("select from public.orchestration_summary_progress")).toHaveLength(1);
  expect(await holdsRows(database.query)).toEqual([]);
});

test.each([
  ["companies", "insert into public.companies (name) values ('A company')"],
  [
    "leo.idempotency_keys",
    "insert into leo.idempotency_keys (caller, key, route, digest) values ('secret:default', 'a key', '/', 'a digest')",
  ],
  [
    "leo.status_overrides",
    "insert into leo.status_overrides (machine, entity_id, reason) values ('exec_session', gen_random_uuid(), 'a test')",
  ],
  ["users with invented addresses", user("ada@leo.example")],
  ["users with invented addresses", user("ada@example.com")],
])("what would be deleted of %s is named", async (name, insert) => {
  await database.query(insert);
  expect(await holdsRows(database.query)).toEqual([name]);
  await emptyDatabase(database.query);
  expect(await holdsRows(database.query)).toEqual([]);
});

test("a user whom somebody may be is no row that would be deleted", async () => {
  await database.query(user("ada@real.invalid"));
  expect(await holdsRows(database.query)).toEqual([]);
  await emptyDatabase(database.query);
  expect(await database.query("select email from auth.users")).toEqual([{ email: "ada@real.invalid" }]);
});
