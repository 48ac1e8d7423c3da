import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Sweeper, startSweeper } from "../../local/sweeper.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { insertRun, runNow } from "../transitions/telemetry-runs.ts";

let database: TestDatabase;
let sweeper: Sweeper | undefined;
let lines: string[];

beforeEach(async () => {
  database = await createTestDatabase();
  lines = [];
});
afterEach(async () => {
  await sweeper?.stop();
  await database.drop();
});

const startSweeping = (intervalMs: number) => {
  sweeper = startSweeper({ databaseUrl: database.url, intervalMs, log: (line) => lines.push(line) });
  return sweeper;
};

const overdueRun = () => insertRun(database, { status: "RUNNING", started_at: { sql: "now() - interval '1 hour'" } });

/** Asks until the answer is yes, for as long as ten seconds. */
async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const giveUpAt = performance.now() + 10_000;
  while (!(await holds())) {
    if (performance.now() > giveUpAt) throw new Error(`it did not come to this: ${what}`);
    await delay(10);
  }
}

const timedOut = async (runId: string) => (await runNow(database, runId)).status === "TIMED_OUT";

describe("the timer of the local stack", () => {
  test("sweeps time and again, and tells of what it moved and of nothing else", async () => {
    startSweeping(20);
    for (const sweeps of [1, 2]) {
      const { run_id } = await overdueRun();
      await until("the run is timed out", () => timedOut(run_id));
      await until("a line says so", () => lines.length >= sweeps);
    }
    expect(lines).toEqual(Array(2).fill("sweep: telemetry runs timed out: 1"));
  });

  test("rolls metrics up and has telemetry analysed, also where sweeps fail", async () => {
    const [company] = await database.query<{ id: string }>(
      "insert into public.companies (name) values ('A company') returning id",
    );
    await database.query(
      "insert into public.orchestration_metrics (company_id, recorded_at) values ($1, now() - interval '1 day')",
      [company?.id],
    );
    await database.query(`
      create or replace function leo.sweep(request jsonb, context jsonb) returns jsonb language plpgsql as
      $$ begin raise exception 'no sweep today'; end $$`);
    const queued = [2, 0];
    sweeper = startSweeper({
      databaseUrl: database.url,
      intervalMs: 20,
      log: (line) => lines.push(line),
      analyze: async () => queued.shift() ?? 0,
    });
    const days = () => database.query("select from public.orchestration_daily_summaries");
    await until("the day is summed up", async () => (await days()).length === 1);
    await until("runs were analysed", () => queued.length === 0);
    expect(lines).toEqual([
      "sweep: not possible at present (no sweep today); trying again",
      "analysis: telemetry runs analysed: 2",
    ]);
  });

  test("gets over a server that throws it out", async () => {
    startSweeping(10);
    const [name] = await database.query<{ name: string }>("select current_database() as name");
    const admin = new pg.Client({ connectionString: database.adminUrl.replace(/\/[^/]*$/, "/postgres") });
    await admin.connect();
    try {
      await admin.query(`alter database ${name?.name} allow_connections false`);
      await until("a line tells of the failure", () => lines.some((line) => line.startsWith("sweep: not possible")));
      await admin.query(`alter database ${name?.name} allow_connections true`);
    } finally {
      await admin.end();
    }
    const { run_id } = await overdueRun();
    await until("the run is timed out", () => timedOut(run_id));
    await until("a line says so", () => lines.some((line) => line.includes("timed out")));
    // Each job says so for itself, once.
    expect(lines.filter((line) => line.startsWith("sweep"))).toEqual([
      expect.stringMatching(/^sweep: not possible at present \(.*not currently accepting connections\); trying again$/),
      "sweep: telemetry runs timed out: 1",
    ]);
  });

  test("goes on when sweeps fail, and says so once", async () => {
    const [real] = await database.query<{ definition: string }>(
      "select pg_get_functiondef('leo.sweep(jsonb, jsonb)'::regprocedure) as definition",
    );
    // A sequence counts on through a rollback.
    await database.query(`
      create sequence attempts;
      create or replace function leo.sweep(request jsonb, context jsonb) returns jsonb language plpgsql as
      $$ begin perform nextval('attempts'); raise exception 'no sweep today'; end $$`);
    startSweeping(5);
    await until("five sweeps have failed", async () => {
      const [attempts] = await database.query<{ count: number }>("select last_value::integer as count from attempts");
      return (attempts?.count ?? 0) >= 5;
    });
    expect(lines).toEqual(["sweep: not possible at present (no sweep today); trying again"]);
    await database.query(real?.definition ?? "");
    const { run_id } = await overdueRun();
    await until("the run is timed out", () => timedOut(run_id));
  });

  test("lets the sweep that is under way end when it is stopped, and begins no other", async () => {
    const busy = await database.connect();
    await busy.query("begin");
    // Not one of the sweep's own tables, on which it would give up: what it calls has to wait.
    await busy.query("select pg_advisory_xact_lock(1)");
    await database.query(`
      create or replace function leo.session_stale_after() returns interval language plpgsql as
      $$ begin perform pg_advisory_xact_lock(1); return interval '1 day'; end $$`);
    const { run_id } = await overdueRun();
    const sweeping = startSweeping(1);
    const waiting = async () =>
      (
        await database.query(
          "select from pg_stat_activity where application_name = 'leo-sweep' and datname = current_database()",
        )
      ).length === 1;
    await until("a sweep is under way", waiting);
    let hasStopped = false;
    const stopped = sweeping.stop().then(() => {
      hasStopped = true;
    });
    expect(await waiting()).toBe(true);
    expect(hasStopped).toBe(false);
    await busy.query("commit");
    await stopped;
    await until("it has gone", async () => !(await waiting()));
    expect(await timedOut(run_id)).toBe(true);
  });

  test("that is stopped before its first sweep makes none", async () => {
    const { run_id } = await overdueRun();
    await startSweeping(60_000).stop();
    expect(await timedOut(run_id)).toBe(false);
    expect(lines).toEqual([]);
  });
});
