import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { orchestrationMetric } from "../../types/contracts/orchestration-metrics.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

type Field = keyof typeof orchestrationMetric.shape;

/** What a field says of its numbers. */
interface Range {
  type: "number" | "integer";
  minimum: number;
  maximum: number;
}

/** The fields whose contract is a range of numbers; the rest of a nullish field is null. */
const ranges = Object.entries(
  z.toJSONSchema(orchestrationMetric).properties as Record<string, { anyOf?: Partial<Range>[] }>,
).flatMap(([field, { anyOf = [] }]) => {
  const range = anyOf.find(({ type }) => type === "number" || type === "integer");
  return range ? [[field as Field, range as Range] as const] : [];
});

/** A row that only its field can be wrong about: the counts that have to fit together do. */
function rowOf(field: Field, value: unknown): Record<string, unknown> {
  const besides = field === "success_count" || field === "failure_count" ? { action_count: 2_147_483_647 } : {};
  return { ...besides, [field]: value };
}

/** Whether the database takes each of these rows; all of them in one call. */
async function takes(rows: Record<string, unknown>[]): Promise<boolean[]> {
  const [answer] = await database.query<{ results: { outcome: string }[] }>(
    "select leo.record_metrics($1, '{}') -> 'results' as results",
    [JSON.stringify({ metrics: rows.map((row) => ({ metric_id: randomUUID(), ...row })) })],
  );
  return (answer?.results ?? []).map(({ outcome }) => outcome === "accepted");
}

/** Asserts that contract and database say the same of each value. */
async function expectAgreement(field: Field, values: unknown[]): Promise<boolean[]> {
  const rows = values.map((value) => rowOf(field, value));
  const byContract = rows.map((row) => orchestrationMetric.safeParse(row).success);
  const byDatabase = await takes(rows);
  const say = (verdicts: boolean[]) => values.map((value, place) => `${JSON.stringify(value)}: ${verdicts[place]}`);
  expect(say(byDatabase)).toEqual(say(byContract));
  return byContract;
}

describe("contract and database take the same numbers", () => {
  test("of every number that a metric has", async () => {
    const numeric = await database.query<{ name: string }>(
      `select column_name as name from information_schema.columns
       where table_schema = 'public' and table_name = 'orchestration_metrics'
         and data_type in ('integer', 'numeric') order by column_name`,
    );
    expect(ranges.map(([field]) => field).sort()).toEqual(numeric.map(({ name }) => name));
  });

  test.each(ranges)("as %s", async (field, { type, minimum, maximum }) => {
    // A step beyond a bound, and the least that a double can be beyond it.
    const [step, hair] = [type === "integer" ? 1 : 0.01, 2 ** -20];
    const inside = [minimum, minimum + step, maximum - step, maximum];
    const outside = [minimum - step, minimum - hair, maximum + hair, maximum + step, -(10 ** 15), 10 ** 15];
    const fractions = [minimum + 0.5, maximum - 0.5];
    const verdicts = await expectAgreement(field, [...inside, ...outside, ...fractions, null]);
    expect(verdicts).toEqual([
      ...inside.map(() => true),
      ...outside.map(() => false),
      ...fractions.map(() => type === "number"),
      true,
    ]);
  });
});

describe("contract and database take the same", () => {
  test.each<[Field, unknown[], unknown[]]>([
    ["stage_duration", ["PT0S", "00:00:00.000001", "9999 years"], ["-1 second", "-PT1S", "infinity", "", "soon"]],
    ["agent_response_time", ["PT0S", "999999 days"], ["-00:00:00.000001", "infinity", "1 second ago"]],
    [
      "recorded_at",
      ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2026-02-28T23:59:59+15:59"],
      ["infinity", "-infinity", "2026-02-29T00:00:00Z", "2026-01-01T00:00:00+16:00", "soon"],
    ],
    ["metric_period_start", ["0001-01-01T00:00:00Z", null], ["-infinity", "2026-13-01T00:00:00Z"]],
    ["metric_period_end", ["9999-12-31T23:59:59.999999Z", null], ["infinity", "2026-01-32T00:00:00Z"]],
    ["agents_involved", [[], ["a"], null], [[["a"]], "a", { a: 1 }]],
    ["metadata", [{}, { a: [null] }, null], [[], "a", 1]],
    ["metric_id", [randomUUID(), "00000000-0000-0000-0000-000000000000"], ["", "x", 1]],
  ])("as %s", async (field, good, bad) => {
    expect(await expectAgreement(field, [...good, ...bad])).toEqual([...good.map(() => true), ...bad.map(() => false)]);
  });
});
