import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { callEvent, caller, historyOf, type Row } from "./call-event.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(() => database.query("delete from public.okr_generation_log"));

const start = (request: object = {}) => callEvent(database, "start_okr_generation", { request });
const move = (event: string, id: unknown, request: object = {}) =>
  callEvent(database, "move_okr_generation", { id, request, context: { event } });

async function rowNow(id: unknown): Promise<Row | undefined> {
  const [row] = await database.query<{ row: Row }>(
    "select to_jsonb(generation) as row from public.okr_generation_log generation where id = $1",
    [id],
  );
  return row?.row;
}

/** Starts a generation of a month and returns its id. */
async function started(period: string): Promise<unknown> {
  const { generation } = await start({ period });
  return generation?.id;
}

describe("start", () => {
  it("begins the generation of the month that it is in UTC, on the date that it is there", async () => {
    const { generation } = await start();
    const [today] = await database.query<{ month: string; day: string }>(
      "select to_char(now() at time zone 'utc', 'YYYY-MM') as month, to_char(now() at time zone 'utc', 'YYYY-MM-DD') as day",
    );
    expect(generation).toEqual(await rowNow(generation?.id));
    expect(generation).toMatchObject({
      period: today?.month,
      generation_date: today?.day,
      status: "running",
      created_by: caller.actor,
      total_krs_generated: 0,
    });
    expect(await historyOf(database, generation?.id)).toEqual([
      { event: "start", from_status: null, to_status: "running", reason: null, ...caller },
    ]);
  });

  it.each(["Pacific/Kiritimati", "Pacific/Pago_Pago"])("does so also where the session's zone is %s", async (zone) => {
    const client = await database.connect();
    await client.query("select set_config('timezone', $1, false)", [zone]);
    const { generation } = await callEvent(client, "start_okr_generation");
    const [today] = await database.query<{ day: string }>("select (now() at time zone 'utc')::date::text as day");
    expect(generation).toMatchObject({ generation_date: today?.day, period: today?.day.slice(0, 7) });
  });

  it("keeps what it is given", async () => {
    const [vision] = await database.query<{ id: string }>(
      "insert into public.strategic_vision (code, title, statement) values ('V', 't', 's') returning id",
    );
    const request = { period: "2027-02", vision_id: vision?.id, created_by: "planner" };
    expect((await start(request)).generation).toMatchObject(request);
  });

  it("does not start with a vision that is not there", async () => {
    const { refusal } = await start({ vision_id: randomUUID() });
    expect(refusal).toEqual({
      code: "invalid_request",
      issues: [{ path: ["vision_id"], message: "No vision has this id." }],
    });
    expect(await database.query("select from public.okr_generation_log")).toEqual([]);
  });

  it("is refused while the month has a running one", async () => {
    const id = await started("2026-05");
    expect((await start({ period: "2026-05" })).refusal).toEqual({
      code: "generation_exists",
      id,
      status: "running",
      period: "2026-05",
      use: null,
      allowed: ["complete", "fail"],
    });
    expect((await start({ period: "2026-06" })).generation).toMatchObject({ status: "running" });
  });

  it("is refused once the month has a completed one, also one that a client logged", async () => {
    const id = await started("2026-05");
    await move("complete", id, { top_down_count: 1, bottom_up_count: 1 });
    expect((await start({ period: "2026-05" })).refusal).toMatchObject({ id, status: "completed", allowed: [] });
    await database.query(
      "insert into public.okr_generation_log (generation_date, period) values ('2026-06-01', '2026-06')",
    );
    expect((await start({ period: "2026-06" })).refusal).toMatchObject({ code: "generation_exists" });
  });

  it("is possible again after a failure", async () => {
    await move("fail", await started("2026-05"), { error_message: "no vision" });
    expect((await start({ period: "2026-05" })).generation).toMatchObject({ status: "running" });
  });
});

describe("complete", () => {
  it.each([
    [4, 6, 0.4, 0.6],
    [1, 2, 0.33, 0.67],
    [2, 1, 0.67, 0.33],
    [5, 0, 1, 0],
    [0, 5, 0, 1],
    [1, 7, 0.13, 0.87],
    [0, 0, 0.4, 0.6],
    [1, 999_999, 0, 1],
  ])("of %d top down and %d bottom up computes total and ratios that sum to 1", async (top, bottom, first, second) => {
    const id = await started("2026-05");
    const answer = await move("complete", id, {
      top_down_count: top,
      bottom_up_count: bottom,
      source_breakdown: { vision: top },
    });
    expect(answer).toEqual({ generation: await rowNow(id), from: "running" });
    expect(answer.generation).toMatchObject({
      status: "completed",
      top_down_count: top,
      bottom_up_count: bottom,
      total_krs_generated: top + bottom,
      top_down_ratio: first,
      bottom_up_ratio: second,
      source_breakdown: { vision: top },
      error_message: null,
    });
    expect(
      await database.query("select from public.okr_generation_log where top_down_ratio + bottom_up_ratio = 1.00"),
    ).toHaveLength(1);
  });

  it("is recorded, and leaves other generations alone", async () => {
    const other = await started("2026-04");
    const before = await rowNow(other);
    const id = await started("2026-05");
    await move("complete", id, { top_down_count: 1, bottom_up_count: 1 });
    expect((await historyOf(database, id)).at(-1)).toEqual({
      ...{ event: "complete", from_status: "running", to_status: "completed", reason: null },
      ...caller,
    });
    expect(await rowNow(other)).toEqual(before);
  });
});

describe("fail", () => {
  it("keeps what went wrong, without secrets, in row and history", async () => {
    const id = await started("2026-05");
    const answer = await move("fail", id, { error_message: "model said: token=abc" });
    expect(answer).toEqual({ generation: await rowNow(id), from: "running" });
    expect(answer.generation).toMatchObject({ status: "failed", error_message: "model said: token=***" });
    expect((await historyOf(database, id)).at(-1)).toEqual({
      ...{ event: "fail", from_status: "running", to_status: "failed", reason: "model said: token=***" },
      ...caller,
    });
  });
});

it.each([
  ["complete", "completed"],
  ["complete", "failed"],
  ["fail", "completed"],
  ["fail", "failed"],
  ["complete", null],
])("does not %s a generation whose status is %s", async (event, status) => {
  const [row] = await database.query<{ id: string }>(
    "insert into public.okr_generation_log (generation_date, period, status) values ('2026-05-01', '2026-05', $1) returning id",
    [status],
  );
  const before = await rowNow(row?.id);
  const { refusal } = await move(event, row?.id, { top_down_count: 1, bottom_up_count: 1, error_message: "e" });
  expect(refusal).toEqual({ code: "illegal_transition", current: status, event, allowed: [] });
  expect(await rowNow(row?.id)).toEqual(before);
});

it("does not find a generation that is not there", async () => {
  const id = randomUUID();
  expect((await move("fail", id)).refusal).toEqual({ code: "not_found", entity: "okr_generation", id });
});
