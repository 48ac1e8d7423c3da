import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { insertRun } from "../transitions/telemetry-runs.ts";
import { silentSession, sweep } from "./support.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

interface Kind {
  table: string;
  /** Makes a row for the sweep to move. */
  row(): Promise<string>;
  /** Where the answer counts it. */
  count: "sessions_paused" | "telemetry_runs_timed_out" | "okr_generations_failed";
}

const kinds: Kind[] = [
  {
    table: "exec_implementation_sessions",
    row: async () => (await silentSession(database)).id,
    count: "sessions_paused",
  },
  {
    table: "telemetry_analysis_runs",
    row: async () =>
      (await insertRun(database, { status: "RUNNING", started_at: { sql: "now() - interval '1 hour'" } })).id,
    count: "telemetry_runs_timed_out",
  },
  {
    table: "okr_generation_log",
    row: async () => {
      const [row] = await database.query<{ id: string }>(
        `insert into public.okr_generation_log (generation_date, period, created_at, status)
         values (current_date, '2026-01', now() - interval '25 hours', 'running') returning id`,
      );
      return row?.id as string;
    },
    count: "okr_generations_failed",
  },
];

describe.each(kinds)("in $table", ({ table, row, count }) => {
  let bad: string;

  // A constraint that somebody adds later does not look at the rows that are there, but at what becomes of them.
  beforeEach(async () => {
    bad = await row();
    await database.query(`alter table public.${table} add constraint not_today check (id <> '${bad}') not valid`);
  });

  it("a row that cannot be moved is skipped and counted, and does not keep the others", async () => {
    const others = [await row(), await row()];
    const warnings: string[] = [];
    const client = await database.connect();
    client.on("notice", ({ message }) => warnings.push(message ?? ""));
    expect(await sweep(client)).toMatchObject({ [count]: others.length, skipped: 1 });
    expect(warnings).toEqual([expect.stringContaining(bad)]);
    expect(await sweep(database)).toMatchObject({ [count]: 0, skipped: 1 });

    await database.query(`alter table public.${table} drop constraint not_today`);
    expect(await sweep(database)).toMatchObject({ [count]: 1, skipped: 0 });
  });

  it("it does not keep another one for ever, also where the limit is one", async () => {
    await row();
    let swept = 0;
    for (let sweeps = 0; swept === 0 && sweeps < 100; sweeps++) swept = (await sweep(database, { limit: 1 }))[count];
    expect(swept).toBe(1);
    await database.query(`alter table public.${table} drop constraint not_today`);
    await sweep(database);
  });
});

describe("a table that somebody has locked as a whole", () => {
  it.each([
    ["telemetry_analysis_runs", { okr_generations_failed: 1, sessions_paused: 1, telemetry_runs_timed_out: 0 }],
    ["okr_generation_log", { okr_generations_failed: 0, sessions_paused: 1, telemetry_runs_timed_out: 1 }],
    ["strategic_directives_v2", { okr_generations_failed: 1, sessions_paused: 0, telemetry_runs_timed_out: 1 }],
  ])("keeps the sweep from its own rows only: %s", async (table, others) => {
    for (const { row } of kinds) await row();
    const busy = await database.connect();
    await busy.query("begin");
    await busy.query(`lock table public.${table} in access exclusive mode`);
    expect(await sweep(database)).toMatchObject({ ...others, skipped: 1 });
    await busy.query("rollback");
    expect(await sweep(database)).toMatchObject({ skipped: 0 });
  });

  it("is waited for once, and not with each row: the history", async () => {
    for (const _ of [1, 2, 3]) for (const { row } of kinds) await row();
    const busy = await database.connect();
    await busy.query("begin");
    await busy.query("lock table public.state_transitions in access exclusive mode");
    const client = await database.connect();
    const warnings: string[] = [];
    client.on("notice", ({ message }) => warnings.push(message ?? ""));
    expect(await sweep(client)).toMatchObject({ sessions_paused: 0, skipped: 3 });
    // Three kinds, each given up at its first wait.
    expect(warnings).toEqual(Array(3).fill(expect.stringContaining("could not look after")));
    await busy.query("rollback");
    expect(await sweep(database)).toMatchObject({ sessions_paused: 3, telemetry_runs_timed_out: 3, skipped: 0 });
  });
});
