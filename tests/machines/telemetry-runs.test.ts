import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  sweepAnswer,
  telemetryRunAnswer,
  telemetryRunDecision,
  telemetryRunsClaimed,
} from "../../types/contracts/telemetry-runs.ts";
import { expectProblem } from "../functions/support/problems.ts";
import { type Api, answerOf, startApi } from "./support/api.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stack.stop());

// Claim and sweep take what there is.
beforeEach(() => api.stack.database.query("delete from public.telemetry_analysis_runs"));

const request = (body: Record<string, unknown>, status = 200) =>
  answerOf(telemetryRunDecision, api.post("telemetry-runs", body), status);

const claim = async (body: Record<string, unknown> = {}) =>
  (await answerOf(telemetryRunsClaimed, api.post("telemetry-runs/claim", { worker: "worker-1", ...body }))).runs;

const move = (id: string, event: string, body?: Record<string, unknown>) =>
  answerOf(telemetryRunAnswer, api.post(`telemetry-runs/${id}/${event}`, body));

const rowOf = (id: string) => api.row("telemetry_analysis_runs", id, "run_id");

async function running(request_: Record<string, unknown> = {}) {
  await request({ scope_id: randomUUID(), ...request_ }, 201);
  const [run] = await claim();
  if (!run) throw new Error("nothing was claimed");
  return run;
}

/** Sets columns of a run, as if time had passed. */
const backdate = (id: string, columns: string) =>
  api.stack.database.query(`update public.telemetry_analysis_runs set ${columns} where run_id = $1`, [id]);

/** A finished run of the scope, as another client would have left it. */
async function finished(scope_id: string, status: string, ago: string): Promise<string> {
  const run_id = randomUUID();
  await api.stack.database.query(
    `insert into public.telemetry_analysis_runs (run_id, scope_id, status, finished_at)
     values ($1, $2, $3, now() - $4::interval)`,
    [run_id, scope_id, status, ago],
  );
  return run_id;
}

const evidence = { output_ref: { rows_scanned: 12, dimensions_evaluated: 4, bottlenecks: [] }, findings_count: 0 };

describe("a request", () => {
  test("enqueues a run with what it says", async () => {
    const { run } = await request(
      {
        scope_type: "user",
        scope_id: "somebody",
        triggered_by: "CLI",
        correlation_id: "try-1",
        timeout_ms: 5_000,
        metadata: { why: "because" },
      },
      201,
    );
    expect(run).toMatchObject({
      status: "QUEUED",
      scope_type: "user",
      scope_id: "somebody",
      triggered_by: "CLI",
      correlation_id: "try-1",
      metadata: { why: "because", timeout_ms: 5_000 },
      started_at: null,
    });
    expect(run).toEqual(await rowOf(run.run_id));
  });

  test("needs no body: the workspace, without an id", async () => {
    const { run } = await answerOf(telemetryRunDecision, api.post("telemetry-runs"), 201);
    expect(run).toMatchObject({ scope_type: "workspace", scope_id: null });
    expect(await request({})).toMatchObject({ decision: "already_active", run: { run_id: run.run_id } });
    // An id of null is another scope than any text.
    await request({ scope_id: "null" }, 201);
  });

  test.each([
    ["6 days 23 hours", {}, "fresh"],
    ["7 days 1 minute", {}, "enqueued"],
    ["8 days", { staleness_days: 9 }, "fresh"],
    ["1 hour", { staleness_days: 0.04 }, "enqueued"],
    ["1 second", { staleness_days: 0 }, "enqueued"],
    ["1 second", { force: true }, "enqueued"],
    ["1 second", { force: false }, "fresh"],
  ])("after a success %s ago, with %j, is %s", async (ago, body, decision) => {
    const scope_id = randomUUID();
    const before = await finished(scope_id, "SUCCEEDED", ago);
    const answer = await request({ scope_id, ...body }, decision === "enqueued" ? 201 : 200);
    expect(answer.decision).toBe(decision);
    if (decision === "fresh") expect(answer.run.run_id).toBe(before);
  });

  test.each(["FAILED", "TIMED_OUT", "CANCELLED", "FAILED_ENQUEUE"])("takes no %s run for fresh", async (status) => {
    const scope_id = randomUUID();
    await finished(scope_id, status, "1 second");
    expect((await request({ scope_id }, 201)).decision).toBe("enqueued");
  });

  test("does not enqueue beside an active run, however much it insists", async () => {
    const run = await running();
    const { scope_id } = run;
    expect(await request({ scope_id, force: true })).toMatchObject({
      decision: "already_active",
      run: { run_id: run.run_id },
    });
    // Another scope is another matter.
    await request({ scope_type: "user", scope_id }, 201);
  });

  test("does not wait for a dead worker: past its deadline its run is timed out, and a new one enqueued", async () => {
    const { run_id, scope_id } = await running({ timeout_ms: 60_000 });
    await backdate(run_id, "started_at = now() - interval '1 hour', metadata = metadata - 'deadline_at'");
    const { run } = await request({ scope_id }, 201);
    expect(run.run_id).not.toBe(run_id);
    expect(await rowOf(run_id)).toMatchObject({ status: "TIMED_OUT" });
  });

  test("of a hundred at once enqueues one run and answers the others honestly", async () => {
    const scope_id = randomUUID();
    const responses = await Promise.all(Array.from({ length: 100 }, () => api.post("telemetry-runs", { scope_id })));
    const answers = await Promise.all(
      responses.map(async (response) => telemetryRunDecision.parse(await response.json())),
    );
    expect(responses.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ decision }) => decision === "enqueued")).toHaveLength(1);
    expect(answers.filter(({ decision }) => decision === "already_active")).toHaveLength(99);
    expect(new Set(answers.map(({ run }) => run.run_id)).size).toBe(1);
  });
});

describe("a claim", () => {
  test("hands out the oldest first, up to the limit, each to one worker until a deadline", async () => {
    const ids: string[] = [];
    for (const hours of [1, 3, 2]) {
      const { run } = await request({ scope_id: randomUUID(), timeout_ms: 5_000 }, 201);
      await backdate(run.run_id, `triggered_at = now() - interval '${hours} hours'`);
      ids.push(run.run_id);
    }
    const runs = await claim({ worker: "worker-7", limit: 2 });
    expect(runs.map(({ run_id }) => run_id)).toEqual([ids[1], ids[2]]);
    for (const run of runs) {
      expect(run).toMatchObject({ status: "RUNNING", metadata: { worker: "worker-7", timeout_ms: 5_000 } });
      const { deadline_at } = run.metadata as { deadline_at: string };
      expect(Date.parse(deadline_at) - Date.parse(run.started_at ?? "")).toBe(5_000);
    }
    expect((await claim()).map(({ run_id }) => run_id)).toEqual([ids[0]]);
    expect(await claim()).toEqual([]);
  });
});

describe("a running run", () => {
  test("gets more time by a heartbeat", async () => {
    const run = await running({ timeout_ms: 60_000 });
    const soon = new Date(Date.now() + 10).toISOString();
    await backdate(run.run_id, `metadata = metadata || '{"deadline_at": "${soon}"}'`);
    const { run: alive } = await move(run.run_id, "heartbeat");
    const { deadline_at } = alive.metadata as { deadline_at: string };
    expect(Date.parse(deadline_at)).toBeGreaterThan(Date.parse(soon) + 50_000);
    expect(alive).toMatchObject({ status: "RUNNING", started_at: run.started_at, finished_at: null });
    const swept = await answerOf(sweepAnswer, api.post("telemetry-runs/sweep"));
    expect(swept.telemetry_runs_timed_out).toBe(0);
  });

  test("that succeeds keeps its findings, and how long it took by the database's clock", async () => {
    const run = await running();
    await backdate(run.run_id, "started_at = now() - interval '90 seconds'");
    const findings = { ...evidence, findings_count: 2, top_bottleneck_category: "stage", reason_code: "OK" };
    const { run: done } = await move(run.run_id, "succeed", findings);
    expect(done).toMatchObject({ status: "SUCCEEDED", ...findings });
    const took = Date.parse(done.finished_at ?? "") - Date.parse(done.started_at ?? "");
    expect(Math.abs((done.duration_ms ?? 0) - took)).toBeLessThanOrEqual(1);
    expect(done.duration_ms).toBeGreaterThanOrEqual(90_000);
  });

  test.each([
    ["nothing", undefined],
    ["no rows", { output_ref: { rows_scanned: 0 } }],
    ["no number of rows", { output_ref: { rows_scanned: "many" } }],
    ["another reason", { reason_code: "OK" }],
  ])("does not succeed on the evidence of %s", async (_what, body) => {
    const run = await running();
    const problem = await expectProblem(
      await api.post(`telemetry-runs/${run.run_id}/succeed`, body),
      "invalid_request",
    );
    expect(problem.issues?.[0]?.message).toContain("INSUFFICIENT_DATA");
    expect(await rowOf(run.run_id)).toEqual(run);
  });

  test("may succeed without rows by saying so", async () => {
    const run = await running();
    const body = { output_ref: { rows_scanned: 0 }, reason_code: "INSUFFICIENT_DATA" };
    expect((await move(run.run_id, "succeed", body)).run).toMatchObject({ status: "SUCCEEDED", ...body });
  });

  test("that fails keeps why, without the secrets in it", async () => {
    const run = await running();
    const error_message =
      "postgresql://leo:hunter2@db/leo refused; password=hunter2, Bearer hunter2, sb_secret_hunter2";
    const { run: failed } = await move(run.run_id, "fail", { error_class: "ReadError", error_message });
    expect(failed).toMatchObject({ status: "FAILED", error_class: "ReadError", duration_ms: expect.any(Number) });
    expect(failed.error_message).toContain("refused");
    const history = await api.stack.database.query("select * from public.state_transitions where entity_id = $1", [
      run.run_id,
    ]);
    expect(JSON.stringify([failed, history])).not.toContain("hunter2");
  });

  test("has to say why it failed", async () => {
    const run = await running();
    const problem = await expectProblem(await api.post(`telemetry-runs/${run.run_id}/fail`), "invalid_request");
    expect(problem.issues).toMatchObject([{ path: ["error_message"] }]);
  });

  test.each([
    ["succeed", evidence],
    ["fail", { error_message: "too late" }],
    ["heartbeat", undefined],
  ])("that was cancelled stays so: a later %s changes nothing", async (event, body) => {
    const run = await running();
    const { run: cancelled } = await move(run.run_id, "cancel", { reason: "not needed" });
    const response = await api.post(`telemetry-runs/${run.run_id}/${event}`, body);
    expect(await expectProblem(response, "illegal_transition")).toMatchObject({ current: "CANCELLED", allowed: [] });
    expect(await rowOf(run.run_id)).toEqual(cancelled);
  });

  test("that is past its deadline is timed out by the sweep, and a late success is refused", async () => {
    const [late, alive] = [await running({ timeout_ms: 1 }), await running()];
    await backdate(late.run_id, `metadata = metadata || '{"deadline_at": "2026-01-01T00:00:00Z"}'`);
    const swept = await answerOf(sweepAnswer, api.post("telemetry-runs/sweep"));
    expect(swept).toMatchObject({ telemetry_runs_timed_out: 1, okr_generations_failed: 0, skipped: 0 });
    expect(await rowOf(alive.run_id)).toEqual(alive);
    const timedOut = await rowOf(late.run_id);
    expect(timedOut).toMatchObject({ status: "TIMED_OUT", duration_ms: expect.any(Number) });
    const response = await api.post(`telemetry-runs/${late.run_id}/succeed`, evidence);
    expect(await expectProblem(response, "illegal_transition")).toMatchObject({ current: "TIMED_OUT" });
    expect(await rowOf(late.run_id)).toEqual(timedOut);
  });
});

describe("finishing a run and claiming the next", () => {
  test.each([
    ["succeed", evidence, "SUCCEEDED"],
    ["fail", { error_message: "no answer" }, "FAILED"],
  ])("is one call: %s", async (event, body, status) => {
    const first = await running();
    const { run: queued } = await request({ scope_id: randomUUID() }, 201);
    const claim_next = { worker: "worker-2" };
    const answer = await move(first.run_id, event, { ...body, claim_next });
    expect(answer).toMatchObject({
      run: { run_id: first.run_id, status },
      next: { run_id: queued.run_id, status: "RUNNING", metadata: { worker: "worker-2" } },
    });
    expect(answer.next).toEqual(await rowOf(queued.run_id));
    expect(await move(queued.run_id, event, { ...body, claim_next })).toMatchObject({ next: null });
  });

  test("claims nothing when the run cannot finish", async () => {
    const first = await running();
    await move(first.run_id, "cancel");
    const { run: queued } = await request({ scope_id: randomUUID() }, 201);
    const body = { ...evidence, claim_next: { worker: "worker-2", limit: 1 } };
    await expectProblem(await api.post(`telemetry-runs/${first.run_id}/succeed`, body), "illegal_transition");
    expect(await rowOf(queued.run_id)).toEqual(queued);
  });
});

describe("documented clients, by plain updates with a secret key", () => {
  test("drive a run from QUEUED to SUCCEEDED", async () => {
    const client = api.stack.client(api.stack.secretKey);
    const run_id = randomUUID();
    const runs = () => client.from("telemetry_analysis_runs");
    expect((await runs().insert({ run_id, scope_id: randomUUID() })).error).toBeNull();
    const started_at = new Date().toISOString();
    expect((await runs().update({ status: "RUNNING", started_at }).eq("run_id", run_id)).error).toBeNull();
    const done = { status: "SUCCEEDED", finished_at: started_at, findings_count: 1, duration_ms: 5, output_ref: {} };
    expect((await runs().update(done).eq("run_id", run_id)).error).toBeNull();
    expect(await rowOf(run_id)).toMatchObject({ status: "SUCCEEDED", duration_ms: 5 });
    const history = await api.stack.database.query(
      "select event, actor from public.state_transitions where entity_id = $1 order by id",
      [run_id],
    );
    expect(history).toEqual(["request", "claim", "succeed"].map((event) => ({ event, actor: "service_role" })));
  });

  test("do not overwrite a cancelled run", async () => {
    const run = await running();
    const { run: cancelled } = await move(run.run_id, "cancel");
    const client = api.stack.client(api.stack.secretKey);
    const { error, status } = await client
      .from("telemetry_analysis_runs")
      .update({ status: "SUCCEEDED" })
      .eq("run_id", run.run_id);
    expect(status).toBe(409);
    expect(error).toMatchObject({ code: "PT409", message: expect.stringContaining("CANCELLED") });
    expect(await rowOf(run.run_id)).toEqual(cancelled);
  });
});
