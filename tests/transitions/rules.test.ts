import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

it("knows the documented moves of an implementation session, and no others", async () => {
  const moves = await database.query<Record<"event" | "from_status" | "to_status", string>>(
    `select event, from_status, to_status from leo.state_transitions_allowed
     where machine = 'exec_session' order by event, from_status`,
  );
  expect(moves.map(({ event, from_status, to_status }) => `${event}: ${from_status} → ${to_status}`)).toEqual([
    "cancel: active → cancelled",
    "cancel: paused → cancelled",
    "complete: active → completed",
    "fail: active → failed",
    "fail: paused → failed",
    "pause: active → paused",
    "reopen: completed → active",
    "resume: paused → active",
    "retry: cancelled → active",
    "retry: failed → active",
    "start: null → active",
  ]);
});

it("does not let one event lead to two statuses", async () => {
  const insert = "insert into leo.state_transitions_allowed values ('exec_session', $1, $2, 'failed')";
  const violation = { constraint: "state_transitions_allowed_one_target_per_event" };
  await expect(database.query(insert, ["pause", "active"])).rejects.toMatchObject(violation);
  await expect(database.query(insert, ["start", null])).rejects.toMatchObject(violation);
});

it.each(["anon", "authenticated", "service_role"])("is out of reach for %s", async (role) => {
  const client = await database.connect();
  await client.query("begin");
  await client.query(`set local role ${role}`);
  await expect(client.query("select leo.start_exec_session('{}', '{}')")).rejects.toMatchObject({ code: "42501" });
  await client.query("rollback");
});
