import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { z } from "zod";
import { prepareExecHandoff, updateExecHandoff } from "../../types/contracts/exec-handoffs.ts";
import {
  completeExecSession,
  implementationTypes,
  startExecSession,
  updateExecSession,
} from "../../types/contracts/exec-sessions.ts";
import { findUnstorable, MAX_JSON_DEPTH } from "../../types/contracts/json.ts";
import { completeOkrGeneration, failOkrGeneration, startOkrGeneration } from "../../types/contracts/okr-generations.ts";
import { orchestrationMetric } from "../../types/contracts/orchestration-metrics.ts";
import { interval, looseText, text, timestamp, uuid, webAddress } from "../../types/contracts/primitives.ts";
import { isProblemCode } from "../../types/contracts/problems.ts";
import { completeQualityCheckpoint } from "../../types/contracts/quality-checkpoints.ts";
import { dimensionTypes } from "../../types/contracts/telemetry-analyzer.ts";
import {
  failEnqueueTelemetryRun,
  failTelemetryRun,
  requestTelemetryRun,
  runTriggers,
  scopeTypes,
  succeedTelemetryRun,
} from "../../types/contracts/telemetry-runs.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

/** The columns of a table. */
async function columnsOf(table: string): Promise<string[]> {
  const rows = await database.query<{ name: string }>(
    "select column_name as name from information_schema.columns where table_schema = 'public' and table_name = $1",
    [table],
  );
  return rows.map((row) => row.name);
}

describe("contract and database agree", () => {
  test.each<[string, readonly string[]]>([
    ["exec_implementation_sessions_implementation_type_check", implementationTypes],
    ["telemetry_analysis_runs_scope_type_check", scopeTypes],
    ["telemetry_analysis_runs_triggered_by_check", runTriggers],
    ["telemetry_thresholds_dimension_type_check", dimensionTypes],
  ])("on the values of %s", async (constraint, values) => {
    const [check] = await database.query<{ definition: string }>(
      "select pg_get_constraintdef(oid) as definition from pg_constraint where conname = $1",
      [constraint],
    );
    const listed = [...(check?.definition ?? "").matchAll(/'(\w+)'/g)].map((match) => match[1]);
    expect(listed.sort()).toEqual([...values].sort());
  });

  // Besides columns: what says how to make the move.
  test.each<[string, z.ZodObject[], string[]]>([
    ["exec_implementation_sessions", [startExecSession, updateExecSession, completeExecSession], []],
    ["exec_quality_checkpoints", [completeQualityCheckpoint], ["attempt", "notes"]],
    ["exec_handoff_preparations", [prepareExecHandoff, updateExecHandoff], ["attempt"]],
    ["telemetry_analysis_runs", [requestTelemetryRun], ["force", "staleness_days", "timeout_ms"]],
    ["telemetry_analysis_runs", [succeedTelemetryRun, failTelemetryRun, failEnqueueTelemetryRun], ["claim_next"]],
    ["okr_generation_log", [startOkrGeneration, completeOkrGeneration, failOkrGeneration], []],
  ])("on the names of the evidence for %s", async (table, contracts, besides) => {
    const names = [...(await columnsOf(table)), ...besides];
    for (const contract of contracts) {
      for (const field of Object.keys(contract.shape)) expect(names).toContain(field);
    }
  });

  test("on the columns of metrics, all of them", async () => {
    const columns = await columnsOf("orchestration_metrics");
    expect(Object.keys(orchestrationMetric.shape).sort()).toEqual(columns.sort());
  });
});

describe("what PostgreSQL cannot store", () => {
  const cannot = async (cast: string, value: string) =>
    expect(database.query(`select $1::${cast}`, [value])).rejects.toThrow();

  test.each(["\u0000", "a\u0000b"])("is found in the text %j", async (value) => {
    await cannot("text", value);
    await cannot("jsonb", JSON.stringify(value));
    expect(findUnstorable(value)).toEqual({ path: [], message: expect.stringContaining("NUL") });
  });

  test.each(["\ud800", "\udfff", "a\ud800b", "\udc00\ud800"])("is found in the text %j", async (value) => {
    await cannot("jsonb", JSON.stringify(value));
    expect(findUnstorable(value)).toEqual({ path: [], message: expect.stringContaining("surrogate") });
  });

  test.each(["", "plain", "\u{1F600}", "\uffff", "\u0001", "'; drop table x; --"])(
    "is not found in %j",
    async (value) => {
      const [row] = await database.query<{ text: string; json: string }>("select $1::text as text, $2::jsonb as json", [
        value,
        JSON.stringify(value),
      ]);
      expect(row).toEqual({ text: value, json: value });
      expect(findUnstorable(value)).toBeUndefined();
    },
  );

  test("is found with its path, in values and names", () => {
    expect(findUnstorable({ a: [0, { b: "\u0000" }] })?.path).toEqual(["a", 1, "b"]);
    expect(findUnstorable({ a: { "\ud800": 1 } })?.path).toEqual(["a", "\ud800"]);
    expect(findUnstorable(JSON.parse('{"a":{"__proto__":1}}'))?.path).toEqual(["a", "__proto__"]);
    expect(findUnstorable([JSON.parse("1e999")])?.path).toEqual([0]);
    expect(findUnstorable({ a: [1, null, true, "x", {}] })).toBeUndefined();
  });

  test("includes more than the allowed levels, and exactly those pass", () => {
    const nested = (levels: number) => JSON.parse(`${"[".repeat(levels)}${"]".repeat(levels)}`);
    expect(findUnstorable(nested(MAX_JSON_DEPTH))).toBeUndefined();
    expect(findUnstorable(nested(MAX_JSON_DEPTH + 1))?.path).toHaveLength(MAX_JSON_DEPTH);
    expect(findUnstorable(nested(100_000))).toBeDefined();
  });
});

describe("primitives", () => {
  test.each([
    "00000000-0000-0000-0000-000000000000",
    "11111111-1111-1111-1111-111111111111",
    "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
  ])("%s is a uuid, as for PostgreSQL", async (value) => {
    expect(uuid.safeParse(value).success).toBe(true);
    expect(await database.query("select $1::uuid", [value])).toHaveLength(1);
  });

  test.each(["", "a0eebc99", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1x"])(
    "%j is no uuid",
    (value) => expect(uuid.safeParse(value).success).toBe(false),
  );

  test("text has something in it, loose text may not; both are bounded", () => {
    expect(text(3).safeParse("abc").success).toBe(true);
    expect(looseText(3).safeParse(" ").success).toBe(true);
    for (const value of ["", " ", "abcd", "\u0000", 1, null]) expect(text(3).safeParse(value).success).toBe(false);
    for (const value of ["abcd", "\ud800", undefined]) expect(looseText(3).safeParse(value).success).toBe(false);
  });

  test.each(["https://a.example/x?y=z", "http://localhost:3000"])("%s is a web address", (value) => {
    expect(webAddress.safeParse(value).success).toBe(true);
  });

  test.each(["javascript:alert(1)", "ftp://a.example", "a.example", "", `https://a.example/${"x".repeat(2048)}`])(
    "%j is no web address",
    (value) => expect(webAddress.safeParse(value).success).toBe(false),
  );

  test.each([
    "2026-01-31T10:00:00Z",
    "2026-01-31T10:00:00.123456789+15:59",
    "2024-02-29T23:59:59.9-05:30",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z",
  ])("%s is a timestamp, as for PostgreSQL", async (value) => {
    expect(timestamp.safeParse(value).success).toBe(true);
    expect(await database.query("select $1::timestamptz", [value])).toHaveLength(1);
  });

  test.each([
    "2026-01-31T10:00:00",
    "2026-01-31 10:00:00Z",
    "2026-02-29T10:00:00Z",
    "2026-01-31T24:00:00Z",
    "2026-01-31T10:00:60Z",
    "0000-01-01T00:00:00Z",
    "2026-01-31T10:00:00+16:00",
    "2026-01-31T10:00:00-23:59",
    `2026-01-31T10:00:00.${"1".repeat(200)}Z`,
    "infinity",
    "now",
    "",
  ])("%j is no timestamp", (value) => expect(timestamp.safeParse(value).success).toBe(false));

  test.each([
    "PT0S",
    "PT1M30S",
    "P1Y2M3W4DT5H6M7.891011S",
    "P9999Y99999M99999W999999DT9999999H99999999M999999999.999999S",
    "P2W",
    "00:01:30",
    "0:05",
    "9999999:59:59.999999",
    "1 year 2 mons 3 days 04:05:06.5",
    "9999 years 99999 months 99999 weeks 999999 days 9999999:59:59.999999",
    "9999 years 99999 mons 999999 days 9999999 hours 99999999 minutes 999999999.999999 seconds",
    "1 day",
    "90 seconds",
    "1.5 secs",
    "2 hours 1 sec",
  ])("%s is a duration, as for PostgreSQL", async (value) => {
    expect(interval.safeParse(value).success).toBe(true);
    expect(await database.query("select $1::interval", [value])).toHaveLength(1);
  });

  test.each([
    "",
    "P",
    "PT",
    "P1DT",
    "90",
    "-PT1M",
    "PT-1M",
    "-1 day",
    "1 day ago",
    "1 day 1 day",
    "1 sec 00:00:01",
    "1 fortnight",
    "day",
    "00:60:00",
    "PT99999999999999999999S",
    "infinity",
    "1 day;",
  ])("%j is no duration", (value) => expect(interval.safeParse(value).success).toBe(false));

  test("every duration that PostgreSQL writes itself is one", async () => {
    const rows = await database.query<{ text: string; json: string }>(
      `select length::text as text, to_jsonb(length) #>> '{}' as json
       from (
         select make_interval(years => y, months => m, days => d, secs => s)
         from unnest(array[0, 1, 2]) y, unnest(array[0, 1, 11]) m, unnest(array[0, 1, 2]) d,
              unnest(array[0, 0.5, 59, 61.25, 3600, 90000.000001]) s
       ) as made (length)`,
    );
    expect(rows).toHaveLength(162);
    for (const { text, json } of rows) {
      expect([text, interval.safeParse(text).success]).toEqual([text, true]);
      expect([json, interval.safeParse(json).success]).toEqual([json, true]);
    }
  });

  test("only codes of the list are problem codes", () => {
    expect(isProblemCode("gates_incomplete")).toBe(true);
    for (const code of ["constructor", "toString", "", null, 409]) expect(isProblemCode(code)).toBe(false);
  });
});
