import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { caller } from "../transitions/call-event.ts";
import { sweep } from "./support.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(() => database.query("delete from leo.idempotency_keys"));

const insertKey = (key: string, hours: number) =>
  database.query(
    `insert into leo.idempotency_keys (caller, key, route, digest, answer, created_at)
     values ('secret:test', $1, 'POST /', 'digest', '{}', now() - $2 * interval '1 hour')`,
    [key, hours],
  );

const keysNow = async () =>
  (await database.query<{ key: string }>("select key from leo.idempotency_keys order by key")).map(({ key }) => key);

it("are deleted a day after their first use, and not before", async () => {
  await insertKey("old", 24);
  await insertKey("young", 23.9);
  expect(await sweep(database)).toMatchObject({ idempotency_keys_deleted: 1 });
  expect(await keysNow()).toEqual(["young"]);
  expect(await sweep(database)).toMatchObject({ idempotency_keys_deleted: 0 });
});

it("are deleted up to the limit, the oldest first", async () => {
  for (const hours of [27, 26, 25]) await insertKey(`of ${hours} hours`, hours);
  expect(await sweep(database, { limit: 2 })).toMatchObject({ idempotency_keys_deleted: 2 });
  expect(await keysNow()).toEqual(["of 25 hours"]);
});

it("stay while somebody uses them anew", async () => {
  await insertKey("again", 30);
  const user = await database.connect();
  await user.query("begin");
  const idempotency = { caller: "secret:test", key: "again", route: "POST /", digest: "another" };
  const call = "select leo.call_once($1, 'claim_telemetry_runs', null, '{}', $2) as answer";
  const { rows } = await user.query(call, [idempotency, caller]);
  expect(rows[0].answer).toMatchObject({ replayed: false });
  expect(await sweep(database)).toMatchObject({ idempotency_keys_deleted: 0 });
  await user.query("commit");
  expect(await sweep(database)).toMatchObject({ idempotency_keys_deleted: 0 });
  expect(await keysNow()).toEqual(["again"]);
});

it("of the sweep's own request outlives it, and its answer is given again", async () => {
  await insertKey("old", 25);
  const idempotency = { caller: "secret:test", key: "sweep-1", route: "POST /sweep", digest: "digest" };
  const call = "select leo.call_once($1, 'sweep', null, '{}', $2) as answer";
  const [first] = await database.query<{ answer: object }>(call, [idempotency, caller]);
  expect(first?.answer).toMatchObject({ replayed: false, answer: { idempotency_keys_deleted: 1 } });
  const [second] = await database.query<{ answer: object }>(call, [idempotency, caller]);
  expect(second?.answer).toMatchObject({ replayed: true, answer: { idempotency_keys_deleted: 1 } });
});
