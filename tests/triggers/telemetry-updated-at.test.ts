import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const longAgo = "2020-01-01T00:00:00.000Z";

/** Inserts two runs of long ago, updates one of them, and tells what became of updated_at of both. */
async function updatedAt(update: string): Promise<{ own: Date; bystander: Date; now: Date }> {
  const runs = await database.query<{ id: string }>(
    `insert into public.telemetry_analysis_runs (run_id, updated_at)
     values (gen_random_uuid(), $1), (gen_random_uuid(), $1) returning id`,
    [longAgo],
  );
  const [row] = await database.query<{ own: Date; bystander: Date; now: Date }>(
    `with changed as (update public.telemetry_analysis_runs set ${update} where id = $1 returning updated_at)
     select changed.updated_at as own, bystander.updated_at as bystander, now()
     from changed, public.telemetry_analysis_runs bystander where bystander.id = $2`,
    [runs[0]?.id, runs[1]?.id],
  );
  if (!row) throw new Error("the run was not updated");
  return row;
}

it.each([
  ["a change of status", "status = 'RUNNING', started_at = now()"],
  ["a change that changes nothing", "status = status"],
  ["a writer that sends another time", `updated_at = '${longAgo}'`],
  ["a writer that sends none", "updated_at = null"],
])("updated_at is the time of the transaction after %s", async (_title, update) => {
  const { own, bystander, now } = await updatedAt(update);
  expect(own).toEqual(now);
  expect(bystander.toISOString()).toBe(longAgo);
});

it("keeps the updated_at that an insert sends", async () => {
  const [run] = await database.query<{ updated_at: Date }>(
    `insert into public.telemetry_analysis_runs (run_id, updated_at) values (gen_random_uuid(), $1) returning updated_at`,
    [longAgo],
  );
  expect(run?.updated_at.toISOString()).toBe(longAgo);
});
