import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
afterEach(() => database.query("delete from leo.telemetry_thresholds where dimension_key is not null"));

/** Inserts a threshold of one agent and returns it. */
async function insert(columns: Record<string, unknown>): Promise<Record<string, unknown> | undefined> {
  const row = { dimension_type: "agent", dimension_key: "builder", ...columns };
  const names = Object.keys(row);
  const [inserted] = await database.query<{ row: Record<string, unknown> }>(
    `insert into leo.telemetry_thresholds as inserted (${names.join(", ")})
     select ${names.join(", ")} from jsonb_populate_record(null::leo.telemetry_thresholds, $1)
     returning to_jsonb(inserted) as row`,
    [JSON.stringify(row)],
  );
  return inserted?.row;
}

it("there is one for each dimension from the start, with the usual figures", async () => {
  expect(
    await database.query(
      `select dimension_type, dimension_key, threshold_ratio::float, min_samples, baseline_window_days,
         lookback_window_days, is_active
       from leo.telemetry_thresholds order by dimension_type`,
    ),
  ).toEqual(
    ["agent", "session_type", "stage", "venture"].map((dimension_type) => ({
      dimension_type,
      dimension_key: null,
      threshold_ratio: 3,
      min_samples: 3,
      baseline_window_days: 7,
      lookback_window_days: 1,
      is_active: true,
    })),
  );
});

it.each([
  ["a ratio just above 1", { threshold_ratio: 1.01 }],
  ["the widest windows", { baseline_window_days: 365, lookback_window_days: 90 }],
  ["one sample", { min_samples: 1 }],
])("takes %s", async (_title, columns) => {
  expect(await insert(columns)).toMatchObject(columns);
});

it.each([
  ["a ratio at which the usual would be a bottleneck", { threshold_ratio: 1 }, "threshold_ratio_check"],
  ["a ratio that is no number", { threshold_ratio: "NaN" }, "threshold_ratio_check"],
  ["no sample", { min_samples: 0 }, "min_samples_check"],
  ["no baseline", { baseline_window_days: 0 }, "baseline_window_days_check"],
  ["a baseline without end", { baseline_window_days: 366 }, "baseline_window_days_check"],
  ["no lookback", { lookback_window_days: 0 }, "lookback_window_days_check"],
  ["a lookback without end", { lookback_window_days: 91 }, "lookback_window_days_check"],
  ["a dimension that nobody measures", { dimension_type: "mood" }, "dimension_type_check"],
  ["a blank key", { dimension_key: " " }, "dimension_key_check"],
  ["a key that is longer than any", { dimension_key: "x".repeat(201) }, "dimension_key_check"],
  ["a second default", { dimension_key: null }, "one_per_dimension"],
])("refuses %s", async (_title, columns, constraint) => {
  await expect(insert(columns)).rejects.toMatchObject({ constraint: `telemetry_thresholds_${constraint}` });
});

it("refuses a second one for the same key", async () => {
  await insert({ is_active: false });
  await expect(insert({})).rejects.toMatchObject({ constraint: "telemetry_thresholds_one_per_dimension" });
});

it("says when it was last changed, whatever the writer sends", async () => {
  await insert({ updated_at: "2020-01-01" });
  const [row] = await database.query<{ recent: boolean }>(
    `update leo.telemetry_thresholds set threshold_ratio = 4, updated_at = '2020-01-02'
     where dimension_key = 'builder' returning updated_at > now() - interval '1 minute' as recent`,
  );
  expect(row).toEqual({ recent: true });
});
