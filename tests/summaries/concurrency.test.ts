import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import {
  createCompanies,
  day,
  expectedSummary,
  forgetRollUps,
  noon,
  readSummary,
  rolledUpThrough,
  rollUp,
  rollUpEverything,
  staleDays,
} from "./summaries.ts";

let database: TestDatabase;
let writer: pg.Client;
let other: pg.Client;
let companies: string[];

beforeAll(async () => {
  database = await createTestDatabase();
  companies = await createCompanies(database, 3);
  [writer, other] = await Promise.all([database.connect(), database.connect()]);
  // Whoever waits for somebody else in here is wrong, and is told so.
  for (const client of [writer, other]) await client.query("set lock_timeout = '2s'");
});
afterAll(() => database.drop());

beforeEach(async () => {
  // What a test that failed has left open.
  await Promise.all([writer.query("rollback"), other.query("rollback")]);
  await writer.query("truncate public.orchestration_metrics");
  await forgetRollUps(database);
});

/** Whoever runs statements. */
interface Runner {
  query(text: string, values?: unknown[]): Promise<unknown>;
}

const record = (by: Runner, company: number, fromToday: number, actions = 1) =>
  by.query("insert into public.orchestration_metrics (company_id, recorded_at, action_count) values ($1, $2, $3)", [
    companies[company],
    noon(fromToday),
    actions,
  ]);

/** That the summary is right, and answers this many metrics. */
async function expectExact(metricCount: number): Promise<void> {
  const found = await readSummary(other, null, day(-10), day(1));
  expect(found).toEqual(await expectedSummary(other, companies, day(-10), day(1)));
  expect(found.reduce((total, { metric_count }) => total + metric_count, 0)).toBe(metricCount);
}

/** The figures that are stored, right or not. */
const stored = () =>
  database.query<{ day: string; metrics: number }>(
    `select day::text, metric_count::integer as metrics from public.orchestration_daily_summaries
     order by company_id, day`,
  );

describe("a writer who was there before the day was marked", () => {
  it.each([
    ["read committed", []],
    ["repeatable read", [day(-1)]],
    ["serializable", [day(-1)]],
  ])("in a %s transaction holds the day up until it is over", async (isolation, marks) => {
    await record(database, 0, -3);
    await other.query(`begin isolation level ${isolation}`);
    await record(other, 0, -1);
    await rollUp(database);
    await rollUp(database);
    await rollUp(database);
    expect(await rolledUpThrough(database)).toBeNull();
    await other.query("commit");
    expect(await staleDays(database)).toEqual(marks);
    await expectExact(2);
    await rollUp(database);
    expect(await rolledUpThrough(database)).toBe(day(-1));
    expect(await stored()).toEqual([
      { day: day(-3), metrics: 1 },
      { day: day(-1), metrics: 1 },
    ]);
    await expectExact(2);
  });

  it("is the only one who holds it up: those who come later mark the day", async () => {
    const late = await database.connect();
    await other.query("begin");
    await record(other, 0, -1);
    await rollUp(database);
    await rollUp(database);
    await late.query("begin");
    await record(late, 1, -1);
    await other.query("commit");
    await rollUp(database);
    expect(await rolledUpThrough(database)).toBe(day(-1));
    await late.query("commit");
    expect(await staleDays(database)).toEqual([day(-1)]);
    await expectExact(2);
    await rollUp(database);
    expect(await stored()).toEqual([
      { day: day(-1), metrics: 1 },
      { day: day(-1), metrics: 1 },
    ]);
    await expectExact(2);
  });
});

describe("a writer who comes in during a roll-up", () => {
  it("waits for nobody, and what he writes is in the summary after either commits first", async () => {
    for (const first of ["writer", "roll-up"]) {
      await rollUpEverything(database);
      await writer.query("begin");
      await record(writer, 0, -1);
      await other.query("begin");
      await record(database, 1, -2);
      await other.query("select leo.roll_up_metrics()");
      await record(writer, 1, -2);
      await writer.query("update public.orchestration_metrics set company_id = $1 where company_id = $2", [
        companies[2],
        companies[1],
      ]);
      for (const client of first === "writer" ? [writer, other] : [other, writer]) await client.query("commit");
      const [metrics] = await database.query<{ count: number }>(
        "select count(*)::integer as count from public.orchestration_metrics",
      );
      await expectExact(metrics?.count ?? -1);
      expect(await staleDays(database)).not.toEqual([]);
      await rollUpEverything(database);
      await expectExact(metrics?.count ?? -1);
    }
  });

  it("is exact too if he saw the table before the roll-up and writes after it", async () => {
    await record(database, 0, -2);
    await writer.query("begin isolation level repeatable read");
    await writer.query("select from public.orchestration_metrics");
    await rollUpEverything(database);
    await writer.query("delete from public.orchestration_metrics");
    await record(writer, 0, -2, 7);
    await writer.query("commit");
    await expectExact(1);
    await rollUpEverything(database);
    await expectExact(1);
    expect(await stored()).toEqual([{ day: day(-2), metrics: 1 }]);
  });
});

describe("a roll-up", () => {
  it("that breaks off has done nothing, and the next one does it", async () => {
    await rollUp(database);
    await record(database, 0, -2);
    const doomed = await database.connect();
    const { rows } = await doomed.query<{ pid: number }>("select pg_backend_pid() as pid");
    await doomed.query("begin");
    const done = await doomed.query<{ done: number }>("select leo.roll_up_metrics() as done");
    expect(done.rows).toEqual([{ done: 1 }]);
    const gone = new Promise((resolve) => doomed.once("end", resolve));
    await database.query("select pg_terminate_backend($1)", [rows[0]?.pid]);
    await gone;
    expect(await stored()).toEqual([]);
    expect(await staleDays(database)).toEqual([day(-2)]);
    await expectExact(1);
    await rollUpEverything(database);
    expect(await stored()).toEqual([{ day: day(-2), metrics: 1 }]);
    await expectExact(1);
  });

  it("leaves the work to the one that is under way, without waiting", async () => {
    await rollUp(database);
    await record(database, 0, -2);
    await other.query("begin");
    const first = await other.query<{ done: number }>("select leo.roll_up_metrics() as done");
    expect(first.rows).toEqual([{ done: 1 }]);
    await writer.query("begin");
    const second = await writer.query<{ done: number }>("select leo.roll_up_metrics() as done");
    expect(second.rows).toEqual([{ done: 0 }]);
    await writer.query("commit");
    await other.query("commit");
    expect(await stored()).toEqual([{ day: day(-2), metrics: 1 }]);
  });

  it("does nothing, and says so, where it might not see what others have done", async () => {
    await rollUp(database);
    await record(database, 0, -2);
    const warnings: (string | undefined)[] = [];
    other.once("notice", ({ message }) => warnings.push(message));
    await other.query("begin isolation level repeatable read");
    const { rows } = await other.query<{ done: number }>("select leo.roll_up_metrics() as done");
    await other.query("commit");
    expect(rows).toEqual([{ done: 0 }]);
    expect(warnings).toEqual(["metrics are not rolled up in a transaction that may not see them as they are"]);
    expect(await staleDays(database)).toEqual([day(-2)]);
  });
});

it("truncate is refused where it might leave figures of days that are rolled up meanwhile", async () => {
  await record(database, 0, -2);
  await writer.query("begin isolation level repeatable read");
  await writer.query("select from public.companies");
  await rollUpEverything(database);
  await expect(writer.query("truncate public.orchestration_metrics")).rejects.toMatchObject({ code: "PT409" });
  await writer.query("rollback");
  await expectExact(1);
  await writer.query("truncate public.orchestration_metrics");
  await expectExact(0);
  await rollUpEverything(database);
  expect(await stored()).toEqual([]);
});
