import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ProblemCode } from "../../types/contracts/problems.ts";
import { expectProblem } from "../functions/support/problems.ts";
import { startTestStack } from "../support/stack.ts";
import { type Machine, machinesOf } from "./support/machines.ts";
import { changesBetween, takeSnapshot } from "./support/snapshot.ts";

interface Rule {
  machine: string;
  event: string;
  from_status: string | null;
  to_status: string;
}

// Before the tests are collected, as these are made of what the database allows.
const stack = await startTestStack();
const { database } = stack;
const rules = await database.query<Rule>("select * from leo.state_transitions_allowed order by machine, event");
const machines = machinesOf(database);

const unique = (values: (string | null)[]) => [...new Set(values)].filter((value) => value !== null).sort();
const rulesOf = (machine: string) => rules.filter((rule) => rule.machine === machine);
const statesOf = (machine: string) => unique(rulesOf(machine).flatMap((rule) => [rule.from_status, rule.to_status]));
const eventsFrom = (machine: string, state: string) =>
  unique(rulesOf(machine).map((rule) => (rule.from_status === state ? rule.event : null)));

let requests = 0;

/** A call by a named agent under a request id of its own. */
async function fire(path: string, body?: Record<string, unknown>) {
  requests += 1;
  const requestId = `request-${requests}`;
  const headers: Record<string, string> = {
    apikey: stack.secretKey,
    "x-leo-actor": "agent-7",
    "x-request-id": requestId,
  };
  if (body) headers["content-type"] = "application/json";
  return { requestId, response: await stack.call(path, { headers, body }) };
}

async function rowOf(machine: Machine, key: string): Promise<Record<string, unknown>> {
  const [found] = await database.query<{ row: Record<string, unknown> }>(
    `select to_jsonb(found) || jsonb_build_object('state now', ${machine.state}) as row
     from public.${machine.table} found where ${machine.key}::text = $1`,
    [key],
  );
  if (!found) throw new Error(`${machine.table} has no row ${key}`);
  return found.row;
}

async function historyOf(key: string): Promise<Record<string, unknown>[]> {
  return database.query(
    `select id::text, machine, event, from_status, to_status, actor, reason, request_id
     from public.state_transitions where entity_id::text = $1 order by state_transitions.id`,
    [key],
  );
}

/** What a move leaves behind, given the row before it. */
const recorded = (
  machine: string,
  event: string,
  from: string | null,
  to: string,
  requestId: string,
  reason?: string,
  actor = "secret:default/agent-7",
) => ({
  id: expect.any(String),
  machine,
  event,
  from_status: from,
  to_status: to,
  actor,
  reason: reason ?? null,
  request_id: requestId,
});

/** Takes what was made out of the way of events that pick their entities themselves. */
async function cleanUp(): Promise<void> {
  await database.query("delete from public.telemetry_analysis_runs where metadata ->> 'bystander' is null");
}

beforeAll(async () => {
  for (const [name, machine] of Object.entries(machines)) {
    // Not QUEUED, and not overdue: such a run would rightly be claimed or timed out.
    for (const state of statesOf(name)) if (state !== "QUEUED") await machine.seed(state);
  }
  await database.query("update public.telemetry_analysis_runs set metadata = metadata || '{\"bystander\": true}'");
});

afterAll(() => stack.stop());

describe.each(unique(rules.map((rule) => rule.machine)))("%s", (name) => {
  const machine = machines[name] as Machine;

  test("every event of the rules is fired here, and no other", () => {
    expect(machine).toBeDefined();
    const creating = rulesOf(name).filter((rule) => rule.from_status === null);
    expect(Object.keys(machine.creations).sort()).toEqual(unique(creating.map((rule) => rule.event)));
    const moving = rulesOf(name).filter((rule) => rule.from_status !== null);
    expect(Object.keys(machine.events).sort()).toEqual(unique(moving.map((rule) => rule.event)));
  });

  const pairs = statesOf(name).flatMap((state) =>
    Object.entries(machine.events).map(([event, how]) => ({ state, event, how })),
  );
  const targetOf = ({ state, event }: { state: string; event: string }) =>
    rulesOf(name).find((rule) => rule.event === event && rule.from_status === state)?.to_status;

  const legal = pairs.flatMap((pair) => {
    const to = targetOf(pair);
    return to === undefined ? [] : [{ ...pair, to }];
  });

  test.each(legal)("$event moves $state to $to, recorded, and nothing else", async ({ event, how, state, to }) => {
    const key = await machine.seed(state, event);
    const historyBefore = await historyOf(key);
    const before = await takeSnapshot(database);
    const { response, requestId } = await fire(how.path(key), how.body);
    const text = await response.text();
    expect({ status: response.status, text }).toMatchObject({ status: 200 });

    const answer = how.answer.parse(JSON.parse(text)) as Record<string, Record<string, unknown>>;
    const { "state now": now, ...row } = await rowOf(machine, key);
    expect(now).toBe(to);
    if (how.picked) expect(how.picked(answer, key)).toBe(true);
    else expect(answer[machine.member]).toEqual(row);

    const history = await historyOf(key);
    expect(history).toEqual([...historyBefore, recorded(name, event, state, to, requestId, how.reason, how.actor)]);

    const mayChange = [`${machine.table} ${key}`, `strategic_directives_v2 ${row.sd_id}`];
    const changes = changesBetween(before, await takeSnapshot(database));
    expect(changes).toContain(mayChange[0]);
    expect(changes.filter((change) => !mayChange.includes(change))).toEqual([
      `state_transitions ${history.at(-1)?.id}`,
    ]);
    await cleanUp();
  });

  const illegal = pairs.filter((pair) => targetOf(pair) === undefined);

  test.each(illegal)("$event is refused in state $state, and nothing changes", async ({ event, how, state }) => {
    const key = await machine.seed(state, event);
    const before = await takeSnapshot(database);
    const { response } = await fire(how.path(key), how.body);
    if (how.picked) {
      expect(response.status).toBe(200);
      expect(how.picked(how.answer.parse(await response.json()) as Record<string, unknown>, key)).toBe(false);
    } else {
      const problem = await expectProblem(response, "illegal_transition");
      const allowed = eventsFrom(name, state);
      expect(problem).toMatchObject({ current: state, event, allowed });
      for (const word of [event, state, ...allowed]) expect(problem.detail).toContain(word);
    }
    expect(changesBetween(before, await takeSnapshot(database))).toEqual([]);
    await cleanUp();
  });

  describe.each(Object.entries(machine.creations))("%s", (event, creation) => {
    const to = rulesOf(name).find((rule) => rule.event === event)?.to_status as string;

    async function creates(beside?: string): Promise<void> {
      const body = await creation.body(beside);
      const before = await takeSnapshot(database);
      const { response, requestId } = await fire(creation.path, body);
      const text = await response.text();
      expect({ status: response.status, text }).toMatchObject({ status: 201 });
      const answer = creation.answer.parse(JSON.parse(text)) as Record<string, Record<string, unknown>>;
      const key = answer[machine.member]?.[machine.key] as string;
      const { "state now": now, ...row } = await rowOf(machine, key);
      expect(now).toBe(to);
      expect(answer[machine.member]).toEqual(row);
      expect(await historyOf(key)).toEqual([recorded(name, event, null, to, requestId)]);
      // What was there stays as it was.
      const changes = changesBetween(before, await takeSnapshot(database));
      expect(changes).toContain(`${machine.table} ${key}`);
      expect(changes.filter((change) => before.has(change))).toEqual([]);
    }

    test(`makes one that is ${to}`, async () => {
      await creates();
      await cleanUp();
    });

    test("each state is thought of", () => {
      expect(Object.keys(creation.beside).sort()).toEqual(statesOf(name));
    });

    test.each(Object.entries(creation.beside))("beside one that is %s", async (state, outcome) => {
      const beside = await machine.seed(state);
      if (outcome === "created") return creates(beside);
      const before = await takeSnapshot(database);
      const { response } = await fire(creation.path, await creation.body(beside));
      const { "state now": _now, ...row } = await rowOf(machine, beside);
      if ("decision" in outcome) {
        expect(response.status).toBe(200);
        const answer = creation.answer.parse(await response.json());
        expect(answer).toEqual({ decision: outcome.decision, [machine.member]: row });
      } else {
        const { code, use } = outcome;
        const problem = await expectProblem(response, code as ProblemCode);
        expect(problem).toMatchObject({ id: beside, current: state });
        expect(problem.use ?? null).toBe(use);
        expect(problem.detail).toContain(use ?? state);
      }
      expect(changesBetween(before, await takeSnapshot(database))).toEqual([]);
      await cleanUp();
    });
  });
});

test.each(
  Object.values(machines).flatMap(({ events }) => Object.values(events).flatMap((how) => (how.picked ? [] : [how]))),
)("an entity that there is not is not found", async (how) => {
  const { response } = await fire(how.path("00000000-0000-0000-0000-000000000000"), how.body);
  expect(await expectProblem(response, "not_found")).toMatchObject({ entity: expect.any(String) });
});
