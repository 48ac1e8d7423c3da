import type pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { createCompanies, day, expectedSummary, readSummary, rollUp, rollUpEverything } from "./summaries.ts";

let database: TestDatabase;
let companies: string[];

beforeAll(async () => {
  database = await createTestDatabase();
  companies = await createCompanies(database, 4);
});
afterAll(() => database.drop());

/** Numbers that are the same in every run, from 0 to below 1. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

const isolationLevels = ["read committed", "read committed", "repeatable read", "serializable"];

/** One transaction of a writer; how many metrics it wrote, changed or deleted. */
async function write(client: pg.Client, random: () => number): Promise<number> {
  const pick = (below: number) => Math.floor(random() * below);
  const somewhere = () => [companies[pick(4)], `${day(pick(5) - 4)}T${String(pick(24)).padStart(2, "0")}:00:00Z`];
  const statements: [string, unknown[]][] = [
    [
      `insert into public.orchestration_metrics (company_id, recorded_at, action_count, stage_duration)
       select $1, $2, number, number * interval '1 second' from generate_series(1, $3::integer) number`,
      [...somewhere(), 1 + pick(20)],
    ],
    [
      `update public.orchestration_metrics set company_id = $1, recorded_at = $2, action_count = action_count + 1
       where metric_id in (select metric_id from public.orchestration_metrics order by metric_id limit $3)`,
      [...somewhere(), pick(10)],
    ],
    [
      `delete from public.orchestration_metrics
       where metric_id in (select metric_id from public.orchestration_metrics order by metric_id desc limit $1)`,
      [pick(30)],
    ],
  ];
  let touched = 0;
  await client.query(`begin isolation level ${isolationLevels[pick(4)]}`);
  try {
    for (let left = 1 + pick(3); left > 0; left -= 1) {
      const [text, values] = statements[pick(3)] ?? ["", []];
      touched += (await client.query(text, values)).rowCount ?? 0;
    }
    await client.query(random() < 0.15 ? "rollback" : "commit");
    return touched;
  } catch (error) {
    await client.query("rollback");
    const { code } = error as { code?: string };
    // Writers are in each other's way now and then, by rows or by their isolation: that is none of our business.
    if (code === "40001" || code === "40P01") return 0;
    throw error;
  }
}

it("the summary is exact at every moment while three write and two roll up", async () => {
  const [first, second, third, reader] = await Promise.all(Array.from({ length: 4 }, () => database.connect()));
  let isOver = false;
  let written = 0;
  let rolledUp = 0;
  const writing = [first, second, third].map(async (client, place) => {
    const random = randomNumbers(20_260_305 + place);
    while (!isOver) written += await write(client as pg.Client, random);
  });
  const rollingUp = [1, 2].map(async () => {
    while (!isOver) rolledUp += await rollUp(database, 5);
  });
  const everything = Promise.all([...writing, ...rollingUp]);
  const looking = (async () => {
    try {
      // Until enough has happened meanwhile.
      for (let look = 0; look < 60 || written < 500 || rolledUp < 100; look += 1) {
        // Both see the same moment.
        await reader?.query("begin isolation level repeatable read read only");
        const found = await readSummary(reader as pg.Client, null, day(-5), day(1));
        const expected = await expectedSummary(reader as pg.Client, companies, day(-5), day(1));
        await reader?.query("commit");
        expect(found).toEqual(expected);
      }
    } finally {
      isOver = true;
    }
  })();
  await Promise.all([looking, everything.finally(() => (isOver = true))]);
  await rollUpEverything(database);
  const found = await readSummary(reader as pg.Client, null, day(-5), day(1));
  expect(found).toEqual(await expectedSummary(reader as pg.Client, companies, day(-5), day(1)));
}, 120_000);
