import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import {
  type Cast,
  createCast,
  findBottlenecks,
  nothing,
  replaceMetrics,
  replaceThresholds,
  usual,
} from "./support/cast.ts";
import type { Metric } from "./support/recompute.ts";

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;
const SECOND = 1_000_000;

let database: TestDatabase;
let cast: Cast;

beforeAll(async () => {
  database = await createTestDatabase();
  cast = await createCast(database);
});
afterAll(() => database.drop());
beforeEach(() =>
  replaceThresholds(
    database,
    ["stage", "venture", "agent", "session_type"].map((type) => ({ type, ...usual })),
  ),
);

/** As many metrics, an hour apart, the newest of this age. */
const series = (count: number, newest: number, metric: Partial<Metric>): Metric[] =>
  Array.from({ length: count }, (_, place) => ({ ...nothing, ...metric, age: newest + place * HOUR }));

/** An agent that answered within 2 seconds all week, and today. */
const steady = [
  ...series(3, HOUR, { agents: ["planner"], responseTime: 2 * SECOND }),
  ...series(20, 2 * DAY, { agents: ["planner"], responseTime: 2 * SECOND }),
];

/** The same of one that takes 9 seconds today. */
const degraded = [
  ...series(4, HOUR, { agents: ["builder"], responseTime: 9 * SECOND }),
  ...series(20, 2 * DAY, { agents: ["builder"], responseTime: 2 * SECOND }),
];

describe("a bottleneck", () => {
  it("is the agent that takes many times as long as it used to, and not the one beside it", async () => {
    await replaceMetrics(database, cast, [...steady, ...degraded]);
    expect(await findBottlenecks(database)).toEqual({
      output_ref: {
        rows_scanned: 47,
        dimensions_evaluated: 2,
        bottlenecks: [
          {
            dimension_type: "agent",
            dimension_key: "builder",
            measure: "duration",
            severity: "medium",
            baseline_p50_ms: 2000,
            observed_p50_ms: 9000,
            ratio: 4.5,
            sample_count: 4,
            exceedance_count: 4,
          },
        ],
      },
      findings_count: 1,
      top_bottleneck_category: "agent",
    });
  });

  it("is the stage whose actions fail many times as often, by its rate or by its counts", async () => {
    await replaceMetrics(database, cast, [
      ...series(3, HOUR, { stage: 7, errorRate: 5_000 }),
      ...series(3, 5 * HOUR, { stage: 7, actions: 10, failures: 3 }),
      ...series(20, 2 * DAY, { stage: 7, errorRate: 0 }),
    ]);
    const found = await findBottlenecks(database);
    expect(found.output_ref.bottlenecks).toEqual([
      {
        dimension_type: "stage",
        dimension_key: "7",
        measure: "error_rate",
        severity: "critical",
        baseline_p50_ms: null,
        observed_p50_ms: null,
        baseline_error_rate: 0,
        observed_error_rate: 0.4,
        // Of a baseline that counts as one error in a hundred actions.
        ratio: 40,
        sample_count: 6,
        exceedance_count: 6,
      },
    ]);
  });

  it("is not hidden by its own figures: the baseline ends where the judged window begins", async () => {
    // Seven days with three samples each, and as many slow ones today: together their median would be slow.
    await replaceMetrics(database, cast, [
      ...series(21, HOUR, { agents: ["builder"], responseTime: 9 * SECOND }),
      ...series(20, DAY + HOUR, { agents: ["builder"], responseTime: 2 * SECOND }),
    ]);
    expect((await findBottlenecks(database)).output_ref.bottlenecks).toMatchObject([
      { baseline_p50_ms: 2000, observed_p50_ms: 9000 },
    ]);
  });

  it("is none with too few samples beyond the threshold", async () => {
    await replaceMetrics(database, cast, [
      ...series(2, HOUR, { agents: ["builder"], responseTime: 9 * SECOND }),
      ...series(20, 2 * DAY, { agents: ["builder"], responseTime: 2 * SECOND }),
    ]);
    expect(await findBottlenecks(database)).toMatchObject({
      output_ref: { dimensions_evaluated: 1, bottlenecks: [] },
      findings_count: 0,
      top_bottleneck_category: null,
    });
  });

  it("is listed up to the hundredth, the worst first; all of them are counted", async () => {
    const names = Array.from({ length: 120 }, (_, place) => `agent ${String(place).padStart(3, "0")}`);
    await replaceMetrics(
      database,
      cast,
      names.flatMap((name, place) => [
        ...series(3, HOUR, { agents: [name], responseTime: (4 + Math.floor(place / 2)) * SECOND }),
        ...series(3, 2 * DAY, { agents: [name], responseTime: SECOND }),
      ]),
    );
    const found = await findBottlenecks(database);
    expect(found.findings_count).toBe(120);
    const keys = found.output_ref.bottlenecks.map(({ dimension_key }) => dimension_key);
    expect(keys).toHaveLength(100);
    expect(keys.slice(0, 4)).toEqual(["agent 118", "agent 119", "agent 116", "agent 117"]);
  });

  it("has a name of bounded length", async () => {
    const name = "x".repeat(5_000);
    await replaceMetrics(
      database,
      cast,
      degraded.map((metric) => ({ ...metric, agents: [name, `${name}y`] })),
    );
    const { bottlenecks } = (await findBottlenecks(database)).output_ref;
    expect(bottlenecks.map(({ dimension_key }) => dimension_key)).toEqual(["x".repeat(200)]);
  });
});

describe("a threshold", () => {
  const agent = { type: "agent", ...usual };

  it.each([
    ["of its own spares an agent that may be slow", { key: "builder", ratio: 5 }, []],
    ["of another agent says nothing to it", { key: "Builder", ratio: 5 }, ["builder"]],
    [
      "of its own that is not active leaves it to the default",
      { key: "builder", ratio: 5, isActive: false },
      ["builder"],
    ],
  ])("%s", async (_title, own, keys) => {
    await replaceThresholds(database, [agent, { ...agent, ...own }]);
    await replaceMetrics(database, cast, degraded);
    const { bottlenecks } = (await findBottlenecks(database)).output_ref;
    expect(bottlenecks.map(({ dimension_key }) => dimension_key)).toEqual(keys);
  });

  it("that is active for one agent alone leaves the others out", async () => {
    await replaceThresholds(database, [
      { ...agent, isActive: false },
      { ...agent, key: "planner" },
    ]);
    await replaceMetrics(database, cast, [...steady, ...degraded]);
    expect(await findBottlenecks(database)).toMatchObject({
      output_ref: { rows_scanned: 47, dimensions_evaluated: 1, bottlenecks: [] },
    });
  });
});

describe("there is too little to say", () => {
  const insufficient = (rows_scanned: number) => ({
    output_ref: { rows_scanned, dimensions_evaluated: 0, bottlenecks: [] },
    findings_count: 0,
    top_bottleneck_category: null,
    reason_code: "INSUFFICIENT_DATA",
  });

  it.each<[string, Metric[], number]>([
    ["without any metric", [], 0],
    ["where all are older than the windows", series(5, 9 * DAY, { stage: 1, stageTime: 1 }), 0],
    ["where nothing is new", series(5, 2 * DAY, { stage: 1, stageTime: 1 }), 5],
    ["where nothing is old", series(5, HOUR, { stage: 1, stageTime: 1 }), 5],
    ["where nothing was measured", [...series(5, HOUR, { stage: 1 }), ...series(5, 2 * DAY, { stage: 1 })], 10],
    [
      "where the usual takes no time at all",
      [...series(5, HOUR, { stage: 1, stageTime: 1 }), ...series(5, 2 * DAY, { stage: 1, stageTime: 0 })],
      10,
    ],
  ])("%s", async (_title, metrics, rows) => {
    await replaceMetrics(database, cast, metrics);
    expect(await findBottlenecks(database)).toEqual(insufficient(rows));
  });

  it("where every threshold is off", async () => {
    await replaceThresholds(database, [{ type: "agent", ...usual, isActive: false }]);
    await replaceMetrics(database, cast, degraded);
    expect(await findBottlenecks(database)).toEqual(insufficient(0));
  });
});

describe("a scope", () => {
  beforeEach(() =>
    replaceMetrics(database, cast, [
      ...series(1, HOUR, { companyId: cast.companies[0] }),
      ...series(2, HOUR, { companyId: cast.companies[1] }),
      ...series(4, HOUR, { companyId: null }),
    ]),
  );

  it.each<[string, string, () => string | null, number]>([
    ["global", "global", () => null, 7],
    ["global, whatever its id", "global", () => "everything", 7],
    ["workspace without an id: all of it", "workspace", () => null, 7],
    ["workspace with the id of a company", "workspace", () => cast.companies[1] as string, 2],
    ["user without an id: all of them", "user", () => null, 7],
    ["user: the companies with active access", "user", () => cast.member, 1],
    ["user without any company", "user", () => cast.stranger, 0],
  ])("%s", async (_title, type, id, rows) => {
    expect((await findBottlenecks(database, { type, id: id() })).output_ref.rows_scanned).toBe(rows);
  });

  it.each<[string, () => string]>([
    ["workspace", () => randomUUID()],
    ["workspace", () => "northwind"],
    ["workspace", () => cast.member],
    ["workspace", () => ""],
    ["workspace", () => `${cast.companies[0]}'`],
    ["user", () => randomUUID()],
    ["user", () => cast.companies[0] as string],
    ["user", () => "ada@northwind.example"],
  ])("that nobody knows is an error and never everything (%s)", async (type, id) => {
    await expect(findBottlenecks(database, { type, id: id() })).rejects.toMatchObject({
      code: "P0002",
      message: expect.stringContaining("the scope is not known"),
    });
  });
});
