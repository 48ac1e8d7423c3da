import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { historyOf, rows, setStatus } from "./machines.ts";

// What passes row level security and grants, and what may become anybody, is bound all the same.

let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

beforeEach(async () => {
  client = new pg.Client({ connectionString: database.adminUrl });
  await client.connect();
});
afterEach(() => client.end());

it("the guard refuses an illegal move by a superuser", async () => {
  const key = await rows.telemetry_run.insert(database, "CANCELLED");
  await expect(client.query(setStatus("telemetry_run"), [key, "SUCCEEDED"])).rejects.toMatchObject({ code: "PT409" });
});

it("an operator overrides as a superuser too", async () => {
  const key = await rows.telemetry_run.insert(database, "CANCELLED");
  const override = "select * from leo.override_status($1, $2, $3, $4)";
  await client.query(override, ["telemetry_run", key, "SUCCEEDED", "it was done"]);
  expect((await historyOf(database, key)).at(-1)).toMatchObject({ event: "override", reason: "it was done" });
});

it("the actor of a move cannot be chosen by a session that is not the owner's", async () => {
  const key = await rows.exec_session.insert(database, "active");
  await client.query("set session authorization service_role");
  await client.query("begin");
  for (const [name, value] of Object.entries({ actor: "user:chairman", event: "cancel", reason: "said so" })) {
    await client.query("select set_config($1, $2, true)", [`leo.${name}`, value]);
  }
  await client.query(setStatus("exec_session"), [key, "paused"]);
  await client.query("commit");
  expect((await historyOf(database, key)).at(-1)).toMatchObject({
    actor: "service_role",
    event: "pause",
    reason: null,
  });
});
