import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { callEvent, historyOf } from "../transitions/call-event.ts";
import { pidOf, untilBlocked } from "../transitions/events.ts";
import { type Contestants, gather, rounds } from "./gate.ts";

let database: TestDatabase;
let contestants: Contestants;

beforeAll(async () => {
  database = await createTestDatabase();
  contestants = await gather(database, 20);
});
afterAll(() => database.drop());

const client = (place: number) => contestants.clients[place] as pg.Client;
const table = "public.okr_generation_log";

const start = (by: pg.ClientBase, period: string) => callEvent(by, "start_okr_generation", { request: { period } });

it("20 parallel starts of one month make one generation; 19 are told which", async () => {
  for (const round of rounds(5)) {
    const period = `2027-0${round + 1}`;
    const answers = await contestants.race(table, (each) => start(each, period));
    const started = answers.flatMap(({ generation }) => (generation ? [generation] : []));
    expect(started).toHaveLength(1);
    const refusals = answers.flatMap(({ refusal }) => refusal ?? []);
    expect(refusals).toHaveLength(19);
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({ code: "generation_exists", id: started[0]?.id, status: "running" });
    }
    expect(await database.query("select from public.okr_generation_log where period = $1", [period])).toHaveLength(1);
  }
});

it("a start that waited for one that was undone begins the generation", async () => {
  await client(0).query("begin");
  await start(client(0), "2028-01");
  const pid = await pidOf(client(1));
  const second = start(client(1), "2028-01");
  await untilBlocked(database, pid);
  await client(0).query("rollback");
  expect((await second).generation).toMatchObject({ status: "running" });
});

it("parallel starts of 12 months make a generation each", async () => {
  const answers = await contestants.race(
    table,
    (each, month) => start(each, `2029-${String(month + 1).padStart(2, "0")}`),
    12,
  );
  expect(answers.filter(({ generation }) => generation)).toHaveLength(12);
});

describe("a generation", () => {
  let id: string;

  const complete = (by: pg.ClientBase) =>
    callEvent(by, "move_okr_generation", {
      id,
      request: { top_down_count: 2, bottom_up_count: 3 },
      context: { event: "complete" },
    });
  const fail = (by: pg.ClientBase) =>
    callEvent(by, "move_okr_generation", { id, request: { error_message: "no" }, context: { event: "fail" } });

  beforeEach(async () => {
    const [row] = await database.query<{ id: string }>(
      `insert into public.okr_generation_log (generation_date, period, status, created_at)
       values (current_date, '2026-01', 'running', now() - interval '2 days') returning id`,
    );
    id = row?.id as string;
  });

  it.each([
    ["completed", complete, "fail", fail],
    ["failed", fail, "complete", complete],
  ])("that was %s first stays so", async (status, first, event, second) => {
    await client(0).query("begin");
    await first(client(0));
    const pid = await pidOf(client(1));
    const late = second(client(1));
    await untilBlocked(database, pid);
    expect(await callEvent(client(2), "sweep")).toMatchObject({ okr_generations_failed: 0 });
    await client(0).query("commit");
    expect((await late).refusal).toEqual({ code: "illegal_transition", current: status, event, allowed: [] });
    expect((await historyOf(database, id)).map(({ to_status }) => to_status)).toEqual(["running", status]);
  });

  it("that the sweep fails first is not completed any more", async () => {
    await client(0).query("begin");
    expect(await callEvent(client(0), "sweep")).toMatchObject({ okr_generations_failed: 1 });
    const pid = await pidOf(client(1));
    const late = complete(client(1));
    await untilBlocked(database, pid);
    await client(0).query("commit");
    expect((await late).refusal).toMatchObject({ code: "illegal_transition", current: "failed" });
  });
});
