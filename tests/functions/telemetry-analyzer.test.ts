import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { TelemetryRun } from "../../types/contracts/rows.ts";
import { telemetryFindings, telemetryRunsAnalyzed } from "../../types/contracts/telemetry-analyzer.ts";
import { telemetryRunDecision } from "../../types/contracts/telemetry-runs.ts";
import { historyOf } from "../transitions/call-event.ts";
import { insertRun, runNow } from "../transitions/telemetry-runs.ts";
import { type FunctionsUnderTest, startFunctions } from "./support/functions.ts";
import { expectProblem } from "./support/problems.ts";

let functions: FunctionsUnderTest;

beforeAll(async () => {
  functions = await startFunctions();
});
afterAll(() => functions.stop());
beforeEach(async () => {
  await functions.database.query("delete from public.telemetry_analysis_runs");
  await functions.database.query("delete from public.orchestration_metrics");
});

/** Analyses and returns the runs. */
async function analyze(body?: object, headers: Record<string, string> = {}): Promise<TelemetryRun[]> {
  const response = await functions.call("telemetry-analyzer", {
    headers: { apikey: functions.secretKey, ...headers },
    body,
  });
  const text = await response.text();
  expect({ status: response.status, text }).toMatchObject({ status: 200 });
  return telemetryRunsAnalyzed.parse(JSON.parse(text)).runs;
}

/** Requests a run of a scope of its own, which is known: a company. */
async function requested(request: object = {}): Promise<TelemetryRun> {
  const [company] = await functions.database.query<{ id: string }>(
    "insert into public.companies (name) values ('a company') returning id",
  );
  const response = await functions.call("telemetry-runs", {
    body: { scope_type: "workspace", scope_id: company?.id, ...request },
  });
  return telemetryRunDecision.parse(await response.json()).run;
}

const idsOf = (runs: TelemetryRun[]) => runs.map(({ run_id }) => run_id);
const now = ({ run_id }: TelemetryRun) => runNow(functions.database, run_id);

const eventsOf = async ({ run_id }: TelemetryRun) =>
  (await historyOf(functions.database, run_id)).map(({ event }) => event);

/** Resolves once so many of the functions' statements wait for a lock. */
async function lockWaits(count: number): Promise<void> {
  await expect
    .poll(
      async () => {
        const [row] = await functions.database.query<{ count: number }>(
          `select count(*)::integer as count from pg_stat_activity
           where application_name = 'leo-functions' and datname = current_database()
             and wait_event_type = 'Lock'`,
        );
        return row?.count;
      },
      { timeout: 10_000 },
    )
    .toBe(count);
}

/** Keeps every analysis waiting until it is released; `waiting` resolves once so many of them wait. */
async function gate() {
  const holder = await functions.database.connect();
  await holder.query("begin");
  await holder.query("lock table public.orchestration_metrics in access exclusive mode");
  return {
    waiting: (count = 1) => lockWaits(count),
    release: () => holder.query("rollback"),
  };
}

test("names the agent that degrades, from what agents sent to what a dashboard reads", async () => {
  const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
  const sent = (agent: string, hours: number, seconds: number) => ({
    agents_involved: [agent],
    agent_response_time: `PT${seconds}S`,
    action_count: 10,
    success_count: 10,
    recorded_at: hoursAgo(hours),
  });
  const metrics = ["planner", "builder", "reviewer"].flatMap((agent) => [
    ...[30, 50, 70, 90, 110].map((hours) => sent(agent, hours, 2)),
    ...[1, 2, 3].map((hours) => sent(agent, hours, agent === "builder" ? 12 : 2)),
  ]);
  expect((await functions.call("orchestration-metrics", { body: { metrics } })).status).toBe(200);
  const run = await requested({ scope_type: "global", scope_id: undefined });

  const [analyzed] = await analyze({ worker: "nightly" });
  expect(analyzed).toMatchObject({
    run_id: run.run_id,
    status: "SUCCEEDED",
    findings_count: 1,
    top_bottleneck_category: "agent",
    metadata: { worker: "nightly" },
  });
  expect(telemetryFindings.parse(analyzed?.output_ref)).toEqual({
    rows_scanned: 24,
    dimensions_evaluated: 3,
    bottlenecks: [
      {
        dimension_type: "agent",
        dimension_key: "builder",
        measure: "duration",
        severity: "high",
        baseline_p50_ms: 2000,
        observed_p50_ms: 12_000,
        ratio: 6,
        sample_count: 3,
        exceedance_count: 3,
      },
    ],
  });
  expect(await now(run)).toEqual(analyzed);
  expect(await historyOf(functions.database, run.run_id)).toMatchObject([
    { event: "request" },
    { event: "claim", actor: "secret:default" },
    { event: "succeed", actor: "secret:default" },
  ]);
});

describe("a call", () => {
  test("analyses up to its limit, the oldest first, and leaves the rest in the queue", async () => {
    const queue = [await requested(), await requested(), await requested()];
    expect(idsOf(await analyze({ limit: 2 }))).toEqual(idsOf(queue.slice(0, 2)));
    expect(await now(queue[2] as TelemetryRun)).toEqual(queue[2]);
    expect(idsOf(await analyze())).toEqual(idsOf(queue.slice(2)));
    expect(await analyze()).toEqual([]);
  });

  test("is five runs where it does not say how many", async () => {
    for (let i = 0; i < 6; i += 1) await requested();
    expect(await analyze()).toHaveLength(5);
  });

  test("goes on after a run that fails", async () => {
    const queue = [await requested(), await requested({ scope_id: "nobody's" }), await requested()];
    const runs = await analyze();
    expect(idsOf(runs)).toEqual(idsOf(queue));
    expect(runs.map(({ status, error_class }) => [status, error_class])).toEqual([
      ["SUCCEEDED", null],
      ["FAILED", "unknown_scope"],
      ["SUCCEEDED", null],
    ]);
  });

  test.each([{ limit: 0 }, { limit: 21 }, { limit: 1.5 }, { worker: "" }, { workers: 2 }])(
    "may not say %j",
    async (body) => {
      const run = await requested();
      await expectProblem(await functions.call("telemetry-analyzer", { body }), "invalid_request");
      expect(await now(run)).toEqual(run);
    },
  );

  test("needs a credential", async () => {
    await expectProblem(await functions.call("telemetry-analyzer", { headers: {} }), "unauthenticated");
  });
});

describe("a run that is slower than it may be", () => {
  test("is timed out when its time is up, with nothing half done, and the next one has its turn", async () => {
    const slow = await requested({ timeout_ms: 300 });
    const next = await requested({ timeout_ms: 60_000 });
    const { waiting, release } = await gate();
    const answer = analyze();
    // The first one's time is up while the gate is closed; then the second one comes to it.
    await expect.poll(async () => (await now(slow)).status, { timeout: 10_000 }).toBe("TIMED_OUT");
    await waiting();
    await release();
    const runs = await answer;
    expect(runs.map(({ run_id, status, reason_code }) => [run_id, status, reason_code])).toEqual([
      [slow.run_id, "TIMED_OUT", "DEADLINE_EXCEEDED"],
      [next.run_id, "SUCCEEDED", "INSUFFICIENT_DATA"],
    ]);
    expect(await eventsOf(slow)).toEqual(["request", "claim", "time_out"]);
    expect(runs[0]).toEqual(await now(slow));
  });

  test("has more time than other statements where it asks for it", async () => {
    const patient = await startFunctions({ env: { LEO_DB_STATEMENT_TIMEOUT_MS: "400", LEO_DB_POOL_SIZE: "1" } });
    try {
      const run = await insertRun(patient.database, { scope_type: "global" });
      const holder = await patient.database.connect();
      await holder.query("begin");
      await holder.query("lock table public.orchestration_metrics in access exclusive mode");
      const answer = patient.call("telemetry-analyzer");
      await expect
        .poll(async () => {
          const [row] = await patient.database.query<{ late: boolean }>(
            `select true as late from pg_stat_activity
             where datname = current_database() and wait_event_type = 'Lock'
               and clock_timestamp() - query_start > interval '600 milliseconds'`,
          );
          return row?.late;
        })
        .toBe(true);
      await holder.query("rollback");
      expect(telemetryRunsAnalyzed.parse(await (await answer).json()).runs).toMatchObject([
        { run_id: run.run_id, status: "SUCCEEDED" },
      ]);
      // The only connection of the pool has its old limit again.
      await holder.query("begin");
      await holder.query("lock table public.telemetry_analysis_runs in access exclusive mode");
      await expectProblem(await patient.call("telemetry-runs", { body: {} }), "overloaded");
      await holder.query("rollback");
    } finally {
      await patient.stop();
    }
  });
});

describe("a run that ends otherwise while it is analysed", () => {
  test("stays cancelled", async () => {
    const run = await requested();
    const { waiting, release } = await gate();
    const answer = analyze();
    await waiting();
    const cancelled = await functions.call(`telemetry-runs/${run.run_id}/cancel`, { body: { reason: "not needed" } });
    expect(cancelled.status).toBe(200);
    const before = await now(run);
    await release();
    expect(await answer).toEqual([before]);
    expect(before.status).toBe("CANCELLED");
    expect(await now(run)).toEqual(before);
    expect(await eventsOf(run)).toEqual(["request", "claim", "cancel"]);
  });

  test("and is deleted is no error", async () => {
    const [run, next] = [await requested(), await requested()];
    const { waiting, release } = await gate();
    const answer = analyze();
    await waiting();
    await functions.database.query("delete from public.telemetry_analysis_runs where run_id = $1", [run.run_id]);
    await release();
    expect(idsOf(await answer)).toEqual([next.run_id]);
  });
});

describe("when the connection is lost", () => {
  test("under a run, that one fails, is undone, and the next one has its turn", async () => {
    const [run, next] = [await requested(), await requested()];
    const { waiting, release } = await gate();
    const answer = analyze();
    await waiting();
    functions.proxy.cutConnections();
    await expect.poll(async () => (await now(run)).status, { timeout: 10_000 }).toBe("FAILED");
    await release();
    expect((await answer).map(({ run_id, status, error_class }) => [run_id, status, error_class])).toEqual([
      [run.run_id, "FAILED", "database_unavailable"],
      [next.run_id, "SUCCEEDED", null],
    ]);
    expect(await eventsOf(run)).toEqual(["request", "claim", "fail"]);
  });

  test("and does not come back, what was not claimed yet stays in the queue", async () => {
    const [run, next] = [await requested(), await requested()];
    const { waiting, release } = await gate();
    const answer = analyze();
    await waiting();
    await functions.proxy.goDown();
    // What became of it cannot be said, but that it was claimed can.
    expect((await answer).map(({ run_id, status }) => [run_id, status])).toEqual([[run.run_id, "RUNNING"]]);
    expect(JSON.parse(functions.log.at(-1) ?? "")).toMatchObject({ status: 200, error: { name: "Problem" } });
    await functions.proxy.comeBack();
    await release();
    expect((await now(run)).status).toBe("RUNNING");
    expect(await now(next)).toEqual(next);
  });

  test("before anything was claimed, that is the answer", async () => {
    await functions.proxy.goDown();
    await expectProblem(await functions.call("telemetry-analyzer"), "database_unavailable");
    await functions.proxy.comeBack();
  });
});

test("nobody waits for the answer any more: the run that is at work is finished, no other is begun", async () => {
  const [run, next] = [await requested(), await requested()];
  const { waiting, release } = await gate();
  const caller = new AbortController();
  const answer = fetch(`${functions.url}/telemetry-analyzer`, {
    method: "POST",
    headers: { apikey: functions.secretKey },
    signal: caller.signal,
  });
  await waiting();
  caller.abort();
  await expect(answer).rejects.toThrow();
  await release();
  await expect.poll(async () => (await now(run)).status, { timeout: 10_000 }).toBe("SUCCEEDED");
  // The log line is written when the request is through.
  await expect.poll(() => functions.log.at(-1)).toContain('"telemetry-analyzer"');
  expect(await now(next)).toEqual(next);
});

test("nobody waits for the answer any more when a run is handed out: it is not left lying", async () => {
  const run = await requested();
  const holder = await functions.database.connect();
  await holder.query("begin");
  await holder.query("lock table public.telemetry_analysis_runs in access exclusive mode");
  const caller = new AbortController();
  const answer = fetch(`${functions.url}/telemetry-analyzer`, {
    method: "POST",
    headers: { apikey: functions.secretKey },
    signal: caller.signal,
  });
  await lockWaits(1);
  caller.abort();
  await expect(answer).rejects.toThrow();
  await holder.query("rollback");
  await expect.poll(async () => (await now(run)).status, { timeout: 10_000 }).toBe("SUCCEEDED");
});

test("two analyzers at once share the queue, and no run is analysed twice", async () => {
  const queue: TelemetryRun[] = [];
  for (let i = 0; i < 12; i += 1) queue.push(await requested());
  const { waiting, release } = await gate();
  const answers = Promise.all([analyze({ limit: 20, worker: "a" }), analyze({ limit: 20, worker: "b" })]);
  await waiting(2);
  await release();
  const runs = (await answers).flat();
  expect(idsOf(runs).sort()).toEqual(idsOf(queue).sort());
  for (const run of queue) expect(await eventsOf(run)).toEqual(["request", "claim", "succeed"]);
});

describe("with an Idempotency-Key", () => {
  test("the repetition answers with the same runs, as they stand by now, and begins no other", async () => {
    const queue = [await requested(), await requested(), await requested()];
    const key = { "idempotency-key": randomUUID() };
    const first = await analyze({ limit: 2 }, key);
    expect(idsOf(first)).toEqual(idsOf(queue.slice(0, 2)));
    const again = await functions.call("telemetry-analyzer", {
      headers: { apikey: functions.secretKey, ...key },
      body: { limit: 2 },
    });
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(telemetryRunsAnalyzed.parse(await again.json()).runs).toEqual(first);
    for (const run of first) expect(await eventsOf(run)).toEqual(["request", "claim", "succeed"]);
    expect(await now(queue[2] as TelemetryRun)).toEqual(queue[2]);
  });

  test("a queue that was empty is answered as empty again", async () => {
    const key = { "idempotency-key": randomUUID() };
    expect(await analyze({}, key)).toEqual([]);
    const run = await requested();
    expect(await analyze({}, key)).toEqual([]);
    expect(await now(run)).toEqual(run);
  });

  test("a request that broke off is taken up where it was, without analysing its run twice", async () => {
    const [run, next] = [await requested(), await requested()];
    const key = { "idempotency-key": randomUUID() };
    const { waiting, release } = await gate();
    const lost = analyze(undefined, key);
    await waiting();
    await functions.proxy.goDown();
    expect(idsOf(await lost)).toEqual([run.run_id]);
    await functions.proxy.comeBack();
    await release();
    const runs = await analyze(undefined, key);
    expect(runs.map(({ run_id, status }) => [run_id, status])).toEqual([
      [run.run_id, "RUNNING"],
      [next.run_id, "SUCCEEDED"],
    ]);
  });

  test("another request under the same key is refused, and claims nothing", async () => {
    const key = { "idempotency-key": randomUUID() };
    await analyze({ limit: 1 }, key);
    const run = await requested();
    const response = await functions.call("telemetry-analyzer", {
      headers: { apikey: functions.secretKey, ...key },
      body: { limit: 2 },
    });
    await expectProblem(response, "idempotency_mismatch");
    expect(await now(run)).toEqual(run);
  });

  test("its key is known to the other routes, and theirs to it", async () => {
    const [its, theirs] = [{ "idempotency-key": randomUUID() }, { "idempotency-key": randomUUID() }];
    const call = (path: string, key: Record<string, string>, body: object) =>
      functions.call(path, { headers: { apikey: functions.secretKey, ...key }, body });
    await analyze({}, its);
    await expectProblem(await call("telemetry-runs/sweep", its, {}), "idempotency_mismatch");
    expect((await call("telemetry-runs/sweep", theirs, {})).status).toBe(200);
    await expectProblem(await call("telemetry-analyzer", theirs, {}), "idempotency_mismatch");
  });
});

describe("of its way to the database", () => {
  test("a run is a claim, and an analysis in a transaction that bounds its time", async () => {
    await requested();
    await functions.call("health", { method: "GET" });
    functions.proxy.takeStatements();
    await analyze({ limit: 1 });
    expect(functions.proxy.takeStatements()).toEqual([
      "select leo.claim_telemetry_runs($1::jsonb, $2::jsonb)",
      "begin",
      "select set_config('statement_timeout', $1, true)",
      "select leo.analyze_telemetry_run($1::uuid, $2::jsonb, $3::jsonb)",
      "commit",
    ]);
  });
});
