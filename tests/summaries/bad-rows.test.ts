import type pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { createCompanies, day, noon, readSummary, rolledUpThrough, rollUpEverything, staleDays } from "./summaries.ts";

let database: TestDatabase;
let client: pg.Client;
let companies: string[];

beforeAll(async () => {
  database = await createTestDatabase();
  companies = await createCompanies(database, 3);
  client = await database.connect();
});
afterAll(() => database.drop());

const summed = (rows: { day: string; metric_count: number }[]) =>
  rows.map(({ day: of, metric_count }) => `${of}: ${metric_count}`);

it("times at the end of time, numbers that are none and endless durations stop no roll-up", async () => {
  const times = ["-infinity", "infinity", "4714-11-24 BC", "294276-12-31 23:59:59+00", noon(-400), noon(400)];
  await client.query(
    `insert into public.orchestration_metrics (company_id, recorded_at, compute_cost, error_rate, stage_duration)
     select $1::uuid, time::timestamptz, 'NaN'::numeric, 'NaN'::numeric, 'infinity'::interval from unnest($2::text[]) time
     union all
     select $1, $3::timestamptz, 'NaN', 'NaN', duration::interval
     from unnest(array['infinity', '-infinity', '-178000000 years', '178000000 years', '1 second']) duration`,
    [companies[0], times, noon(-2)],
  );
  await rollUpEverything(database);
  expect(await rolledUpThrough(database)).toBe(day(-1));
  // Once more, as late rows, which leave marks; and by someone who marks every day.
  await client.query("begin isolation level repeatable read");
  await client.query("update public.orchestration_metrics set compute_cost = null");
  await client.query("commit");
  await rollUpEverything(database);
  expect(await staleDays(database)).toEqual([]);
  expect(summed(await readSummary(client, companies[0] ?? "", day(-500), day(500)))).toEqual([
    `${day(-400)}: 1`,
    `${day(-2)}: 5`,
    `${day(400)}: 1`,
  ]);
  const everything = await readSummary(client, companies[0] ?? "", "-infinity", "infinity");
  expect(summed(everything)).toEqual([
    "4714-11-24 BC: 1",
    `${day(-400)}: 1`,
    `${day(-2)}: 5`,
    `${day(400)}: 1`,
    "294276-12-31: 1",
  ]);
});

it("a day that cannot be summed up stays stale with a warning, and the others are done in the same call", async () => {
  const [good, bad, alsoGood] = companies;
  await client.query(
    `alter table public.orchestration_daily_summaries
       add constraint in_the_way check (company_id <> '${bad}' or action_count < 5) not valid`,
  );
  await client.query(
    `insert into public.orchestration_metrics (company_id, recorded_at, action_count)
     select company_id, $2, 5 from unnest($1::uuid[]) company_id`,
    [[good, bad, alsoGood], noon(-3)],
  );
  const warnings: (string | undefined)[] = [];
  client.on("notice", ({ message }) => warnings.push(message));
  for (const _ of [1, 2]) await client.query("select leo.roll_up_metrics()");
  client.removeAllListeners("notice");
  expect(warnings).toHaveLength(2);
  expect(warnings[0]).toContain(`metrics of ${bad} on ${day(-3)} cannot be summed up`);
  expect(await staleDays(database)).toEqual([day(-3)]);
  const stored = await client.query("select company_id from public.orchestration_daily_summaries where day = $1", [
    day(-3),
  ]);
  expect(stored.rows.map(({ company_id }) => company_id).sort()).toEqual([good, alsoGood].sort());
  expect(summed(await readSummary(client, bad ?? ""))).toEqual([`${day(-3)}: 1`]);

  await client.query("alter table public.orchestration_daily_summaries drop constraint in_the_way");
  await rollUpEverything(database);
  expect(await staleDays(database)).toEqual([]);
  expect(summed(await readSummary(client, bad ?? ""))).toEqual([`${day(-3)}: 1`]);
});

it("a call does no more days than it is told, and one at least", async () => {
  await client.query(
    `insert into public.orchestration_metrics (company_id, recorded_at)
     select $1, now() - number * interval '1 day' from generate_series(10, 30) number`,
    [companies[0]],
  );
  const done = async (call: string) => (await client.query(`select leo.roll_up_metrics(${call}) as done`)).rows[0].done;
  expect(await done("day_limit => 0")).toBe(0);
  expect(await done("day_limit => 4")).toBe(4);
  expect(await done("time_limit => '0'")).toBe(1);
  expect(await done("")).toBe(16);
  expect(await done("")).toBe(0);
});
