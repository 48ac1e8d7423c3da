import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import {
  type Cast,
  createCast,
  findBottlenecks,
  replaceMetrics,
  replaceThresholds,
  sessionTypes,
  usual,
} from "./support/cast.ts";
import { type Metric, recompute, type Threshold } from "./support/recompute.ts";

const DATA_SETS = 200;
const DAY = 24 * 60 * 60 * 1000;

let database: TestDatabase;
let cast: Cast;

beforeAll(async () => {
  database = await createTestDatabase();
  cast = await createCast(database);
});
afterAll(() => database.drop());

const agents = ["planner", "builder", "Reviewer", "Zoë"];
const types = ["stage", "venture", "agent", "session_type"];

/** Ages around the edges of windows of whole days, to the millisecond, and in between. */
const age = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.tuple(fc.integer({ min: 0, max: 9 }), fc.constantFrom(-1, 0, 1)).map(([d, ms]) => d * DAY + ms),
  },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: DAY }) },
  { weight: 2, arbitrary: fc.integer({ min: -DAY / 24, max: 9 * DAY }) },
);

/** Few different ones, so that medians and thresholds are met exactly; the latest ones are often many times longer. */
function time(isSlow: boolean) {
  const usual = fc.constantFrom(100_000, 100_001, 150_000, 200_000, 333_333, 86_400_000_000);
  return fc.oneof(
    { weight: 12, arbitrary: usual.map((micros) => (isSlow ? micros * 3 : micros)) },
    { weight: 1, arbitrary: fc.constantFrom(0, null, -1_000_000, Number.POSITIVE_INFINITY) },
  );
}

function metric(isSlow: boolean): fc.Arbitrary<Metric> {
  const errors = isSlow ? fc.constantFrom(0, 900, 3_000, 10_000) : fc.constantFrom(0, 0, 100, 300, 333);
  return fc.record({
    age: isSlow ? fc.integer({ min: 0, max: DAY }) : age,
    companyId: fc.constantFrom(...cast.companies, null),
    stage: fc.constantFrom(1, 2, 10, null),
    venture: fc.constantFrom(...cast.ventures, null),
    sessionType: fc.constantFrom(...sessionTypes, null),
    // Twice in a row, blank, null: one sample for each name.
    agents: fc.option(fc.array(fc.constantFrom(...agents, ...agents, "", " ", "\t", null), { maxLength: 5 })),
    stageTime: time(isSlow),
    responseTime: time(isSlow),
    errorRate: fc.oneof(errors, fc.constantFrom(null, null, null, -95_000, 10_001)),
    actions: fc.constantFrom(null, 0, 3, 7, 100),
    failures: fc.constantFrom(null, 0, 1, 2, 8),
  });
}

const keys: Record<string, () => string[]> = {
  stage: () => ["1", "10"],
  venture: () => cast.ventures,
  agent: () => agents,
  session_type: () => [...sessionTypes],
};

const threshold: fc.Arbitrary<Omit<Threshold, "type" | "key">> = fc.record({
  ratio: fc.constantFrom(1.5, 2, 2.7, 3, 3, 9),
  minSamples: fc.integer({ min: 1, max: 4 }),
  baselineDays: fc.constantFrom(1, 3, 7, 7),
  lookbackDays: fc.constantFrom(1, 1, 2),
  isActive: fc.constantFrom(true, true, true, false),
});

const defaults = types.map((type): Threshold => ({ type, ...usual }));

const thresholds = () =>
  fc
    .array(
      fc.constantFrom(...types).chain((type) => {
        const key = fc.constantFrom(null, null, ...(keys[type]?.() ?? []));
        return fc.tuple(key, threshold).map(([key, figures]): Threshold => ({ type, key, ...figures }));
      }),
      { maxLength: 12, size: "max" },
    )
    // Mostly beside the defaults; one row for a dimension and key.
    .chain((rows) => fc.subarray(defaults, { minLength: 1 }).map((some) => [...some, ...rows]))
    .map((rows) => [...new Map(rows.map((row) => [`${row.type} ${row.key}`, row])).values()]);

const scopes = (): { type: string; id: string | null; companies: string[] | null }[] => [
  { type: "global", id: null, companies: null },
  { type: "global", id: "named", companies: null },
  { type: "workspace", id: null, companies: null },
  { type: "workspace", id: cast.companies[1] as string, companies: cast.companies.slice(1) },
  { type: "user", id: cast.member, companies: cast.companies.slice(0, 1) },
  { type: "user", id: cast.stranger, companies: [] },
];

test(`finds what a slow and obvious computation finds, on ${DATA_SETS} random data sets`, async () => {
  const seen: Record<string, number> = {};
  const note = (what: string) => {
    seen[what] = (seen[what] ?? 0) + 1;
  };
  const large = { maxLength: 60, size: "max" } as const;
  const dataSet = fc.record({
    metrics: fc.tuple(fc.array(metric(false), large), fc.array(metric(true), large)).map((parts) => parts.flat()),
    thresholds: thresholds(),
    scope: fc.constantFrom(...scopes(), ...scopes().slice(0, 3)),
  });
  await fc.assert(
    fc.asyncProperty(dataSet, async ({ metrics, thresholds, scope }) => {
      await replaceMetrics(database, cast, metrics);
      await replaceThresholds(database, thresholds);
      const found = await findBottlenecks(database, scope);
      expect(found).toEqual(recompute(metrics, thresholds, scope.companies));
      note(found.reason_code ?? "compared");
      for (const { dimension_type, measure, severity } of found.output_ref.bottlenecks) {
        note(`${dimension_type} ${measure}`);
        note(severity);
      }
    }),
    { numRuns: DATA_SETS },
  );
  // Two computations that never find anything would agree too.
  const kinds = types.flatMap((type) => [`${type} duration`, `${type} error_rate`]);
  for (const kind of [...kinds, "low", "medium", "high", "critical", "INSUFFICIENT_DATA", "compared"]) {
    expect([kind, seen[kind]]).toEqual([kind, expect.any(Number)]);
  }
}, 120_000);
