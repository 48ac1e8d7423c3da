import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stateMachines } from "../../types/state-machines.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startedSession } from "./events.ts";
import { historyOf, machines, rows, setStatus, statusOf } from "./machines.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const override = "select * from leo.override_status($1, $2, $3, $4)";

describe("an operator", () => {
  it.each(machines)("overrides the status of %s, which is recorded with the reason", async (machine) => {
    // The first pair that no event allows; of a checkpoint, every move has one.
    const { statuses, transitions } = stateMachines[machine];
    const [from, to] = statuses
      .flatMap((one) => statuses.map((other) => [one, other] as const))
      .filter(([one, other]) => one !== other)
      .sort(
        (one, other) =>
          Number(transitions.some((rule) => rule.from === one[0] && rule.to === one[1])) -
          Number(transitions.some((rule) => rule.from === other[0] && rule.to === other[1])),
      )[0] as [string, string];
    const key = await rows[machine].insert(database, from);
    const bystander = await rows[machine].insert(database, from);
    const [transition] = await database.query(override, [machine, key, to, "stuck since Monday"]);
    const expected = {
      machine,
      event: "override",
      from_status: from,
      to_status: to,
      actor: "postgres",
      reason: "stuck since Monday",
    };
    expect(transition).toMatchObject({ ...expected, entity_id: key });
    expect((await historyOf(database, key)).at(-1)).toMatchObject(expected);
    expect(await statusOf(database, machine, key)).toBe(to);
    expect(await statusOf(database, machine, bystander)).toBe(from);
    expect(await database.query("select * from leo.status_overrides")).toEqual([]);
  });

  it("gets a generation without a status going again", async () => {
    const key = await rows.okr_generation.insert(database, null);
    await database.query(override, ["okr_generation", key, "failed", "never got a status"]);
    expect(await statusOf(database, "okr_generation", key)).toBe("failed");
  });
});

describe("an override is refused", () => {
  it.each([
    ["of a machine that there is not", ["nothing", "FAILED", "why"], "22023", /no state machine "nothing"/],
    ["to a status that the machine does not have", ["telemetry_run", "failed", "why"], "22023", /no status "failed"/],
    ["to no status", ["telemetry_run", null, "why"], "22023", /no status/],
    ["without a reason", ["telemetry_run", "FAILED", " \n"], "22023", /needs a reason/],
    ["with reason null", ["telemetry_run", "FAILED", null], "22023", /needs a reason/],
    ["to the status that the row has", ["telemetry_run", "CANCELLED", "why"], "22023", /is CANCELLED already/],
  ])("%s", async (_title, [machine, status, reason], code, message) => {
    const key = await rows.telemetry_run.insert(database, "CANCELLED");
    await expect(database.query(override, [machine, key, status, reason])).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(await statusOf(database, "telemetry_run", key)).toBe("CANCELLED");
    expect(await historyOf(database, key)).toHaveLength(1);
  });

  it("of a row that there is not", async () => {
    await expect(database.query(override, ["handoff", randomUUID(), "ready", "why"])).rejects.toMatchObject({
      code: "P0002",
    });
  });

  it("if it would complete a session with incomplete required checkpoints", async () => {
    const { id } = await startedSession(database);
    await expect(database.query(override, ["exec_session", id, "completed", "why"])).rejects.toMatchObject({
      code: "PT409",
      detail: expect.stringContaining("TESTING"),
    });
  });

  it.each(["anon", "authenticated", "service_role"])("by %s", async (role) => {
    const key = await rows.telemetry_run.insert(database, "CANCELLED");
    const client = await database.connect();
    await client.query("begin");
    await client.query(`set local role ${role}`);
    await expect(client.query(override, ["telemetry_run", key, "FAILED", "why"])).rejects.toMatchObject({
      code: "42501",
    });
    await client.query("rollback");
  });
});

describe("no other move passes for an override", () => {
  it("because a setting says so", async () => {
    const key = await rows.telemetry_run.insert(database, "CANCELLED");
    const client = await database.connect();
    for (const role of ["service_role", "postgres"]) {
      await client.query("begin");
      await client.query(`set local role ${role}`);
      await client.query(`select set_config('request.jwt.claims', '{"role":"${role}"}', true)`);
      await client.query("select set_config('leo.event', 'override', true), set_config('leo.reason', 'why', true)");
      await expect(client.query(setStatus("telemetry_run"), [key, "FAILED"])).rejects.toMatchObject({ code: "PT409" });
      await client.query("rollback");
    }
  });

  it("because the same transaction made one, of this row or of another", async () => {
    const [key, other] = [
      await rows.telemetry_run.insert(database, "CANCELLED"),
      await rows.telemetry_run.insert(database, "CANCELLED"),
    ];
    const client = await database.connect();
    for (const next of [key, other]) {
      await client.query("begin");
      await client.query(override, ["telemetry_run", key, "FAILED", "why"]);
      await client.query("select set_config('leo.event', 'override', true)");
      await expect(client.query(setStatus("telemetry_run"), [next, "SUCCEEDED"])).rejects.toMatchObject({
        code: "PT409",
      });
      await client.query("rollback");
    }
  });
});
