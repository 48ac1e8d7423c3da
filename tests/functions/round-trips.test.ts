import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { execSessionAnswer } from "../../types/contracts/exec-sessions.ts";
import { stateMachines } from "../../types/state-machines.ts";
import { type Machine, machinesOf } from "../machines/support/machines.ts";
import { completeCheckpoints, createDirective } from "./support/directives.ts";
import { type FunctionsUnderTest, startFunctions } from "./support/functions.ts";

let functions: FunctionsUnderTest;

beforeAll(async () => {
  functions = await startFunctions();
});

afterAll(() => functions.stop());

test("a transition is one round trip to the database", async () => {
  const sdId = await createDirective(functions.database);
  // The first call opens the connection; what is counted is a worker at work.
  await functions.call("health", { method: "GET" });
  functions.proxy.takeStatements();

  const begun = await functions.call("exec-sessions", {
    body: { sd_id: sdId, implementation_type: "API_ENDPOINT" },
  });
  expect(begun.status).toBe(201);
  expect(functions.proxy.takeStatements()).toEqual(["select leo.start_exec_session($1::jsonb, $2::jsonb)"]);

  const { session } = execSessionAnswer.parse(await begun.json());
  await completeCheckpoints(functions.database, session.id, 90);
  expect((await functions.call(`exec-sessions/${session.id}/complete`)).status).toBe(200);
  expect(functions.proxy.takeStatements()).toEqual([
    "select leo.complete_exec_session($1::uuid, $2::jsonb, $3::jsonb)",
  ]);
});

/** Statements that one call cost, by the way the call was made. */
async function statementsOf(path: string, body: Record<string, unknown> | undefined, key?: string): Promise<string[]> {
  const headers = { apikey: functions.secretKey, ...(key ? { "idempotency-key": key } : {}) };
  functions.proxy.takeStatements();
  const response = await functions.call(path, { headers, body });
  expect([response.status, await response.text()]).toEqual([expect.toBeOneOf([200, 201]), expect.any(String)]);
  return functions.proxy.takeStatements();
}

test.each(Object.keys(stateMachines))("so is every event of %s, also with an Idempotency-Key", async (name) => {
  const machine = machinesOf(functions.database)[name] as Machine;
  const { transitions } = stateMachines[name as keyof typeof stateMachines];
  for (const { event, from } of transitions) {
    for (const key of [undefined, randomUUID()]) {
      const creation = machine.creations[event];
      const moved = from === null ? "" : await machine.seed(from, event);
      const path = creation ? creation.path : machine.events[event]?.path(moved);
      const body = creation ? await creation.body() : machine.events[event]?.body;
      const statements = await statementsOf(path ?? "", body, key);
      expect(statements, event).toEqual([expect.stringMatching(key ? /^select leo\.call_once/ : /^select leo\.\w+\(/)]);
      // The answer that is repeated costs as much.
      if (key) expect(await statementsOf(path ?? "", body, key)).toEqual(statements);
    }
  }
});

test("a refused transition is one round trip too", async () => {
  functions.proxy.takeStatements();
  expect((await functions.call("exec-sessions/00000000-0000-0000-0000-000000000000/complete")).status).toBe(404);
  expect(functions.proxy.takeStatements()).toHaveLength(1);
});

test("a request that cannot be valid does not reach the database", async () => {
  functions.proxy.takeStatements();
  expect((await functions.call("exec-sessions", { body: { sd_id: 1 } })).status).toBe(400);
  expect((await functions.call("exec-sessions", { headers: { apikey: "sb_secret_wrong" } })).status).toBe(401);
  expect((await functions.call("exec-sessions/no/where")).status).toBe(404);
  expect(functions.proxy.takeStatements()).toEqual([]);
});

/** Median milliseconds that calls spent on the database, as they say themselves. */
async function databaseTime(call: () => Promise<Response>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 41; i += 1) {
    const response = await call();
    times.push(Number(/db;dur=([\d.]+)/.exec(response.headers.get("server-timing") ?? "")?.[1]));
  }
  return times.sort((a, b) => a - b)[20] as number;
}

test("a parameterised statement does not wait for a delayed acknowledgement", async () => {
  // The health check has no parameters and is one message; the other has two and is five. Without TCP_NODELAY
  // the five take 44 ms, which is more than 50 times as long; with it they take as long as they have work to do.
  const plain = await databaseTime(() => functions.call("health", { method: "GET" }));
  const parameterised = await databaseTime(() =>
    functions.call("exec-sessions/00000000-0000-0000-0000-000000000000/complete"),
  );
  expect(parameterised / plain).toBeLessThan(5);
});
