import { afterAll, expect, test } from "vitest";
import { createTestDatabase } from "../support/database.ts";
import { sweep } from "./support.ts";

const database = await createTestDatabase();

afterAll(() => database.drop());

test("sums metrics up for dashboards, each day once and again when it has changed", async () => {
  const [company] = await database.query<{ id: string }>(
    "insert into public.companies (name) values ('A company') returning id",
  );
  const record = (daysAgo: number) =>
    database.query(
      `insert into public.orchestration_metrics (company_id, action_count, recorded_at)
       values ($1, 1, now() - make_interval(days => $2))`,
      [company?.id, daysAgo],
    );
  await record(1);
  await record(2);
  // A first sweep tells writers to mark what they change; days are summed up from the next one on.
  expect(await sweep(database)).toMatchObject({ metric_days_rolled_up: 0 });
  expect(await sweep(database)).toMatchObject({ metric_days_rolled_up: 2, skipped: 0 });
  expect(await sweep(database)).toMatchObject({ metric_days_rolled_up: 0 });
  await record(2);
  expect(await sweep(database)).toMatchObject({ metric_days_rolled_up: 1 });
  const days = await database.query(
    "select metric_count::integer as count from public.orchestration_daily_summaries order by day",
  );
  expect(days).toEqual([{ count: 2 }, { count: 1 }]);
});
