import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { metricsRecorded, orchestrationMetric } from "../../types/contracts/orchestration-metrics.ts";
import { type Api, type As, answerOf, startApi } from "../machines/support/api.ts";
import { expectProblem } from "./support/problems.ts";

let api: Api;
let ours: string;
let theirs: string;
let member: As;
let stranger: As;

async function company(): Promise<string> {
  const [row] = await api.stack.database.query<{ id: string }>(
    "insert into public.companies (name) values ('A company') returning id",
  );
  return row?.id ?? "";
}

/** A user without any role of the protocol. */
async function user(email: string, companyId: string, isActive: boolean): Promise<As> {
  const sub = await api.stack.createUser({ email });
  await api.stack.database.query(
    "insert into public.user_company_access (user_id, company_id, is_active) values ($1, $2, $3)",
    [sub, companyId, isActive],
  );
  const token = await api.stack.mintToken({ sub });
  return { key: api.stack.publishableKey, headers: { authorization: `Bearer ${token}` } };
}

beforeAll(async () => {
  api = await startApi();
  [ours, theirs] = [await company(), await company()];
  member = await user("member@example.com", ours, true);
  stranger = await user("stranger@example.com", ours, false);
});

afterAll(() => api.stack.stop());

const send = (metrics: unknown[], as?: As) => api.post("orchestration-metrics", { metrics }, as);
const record = (metrics: unknown[], as?: As) => answerOf(metricsRecorded, send(metrics, as));

async function stored(): Promise<string[]> {
  const rows = await api.stack.database.query<{ metric_id: string }>(
    "select metric_id from public.orchestration_metrics",
  );
  return rows.map(({ metric_id }) => metric_id);
}

describe("a row", () => {
  test("is kept with everything it says", async () => {
    const row = {
      metric_id: randomUUID(),
      company_id: ours,
      stage_id: 40,
      stage_duration: "PT1H30M",
      handoff_efficiency: 99.25,
      error_rate: 0.0125,
      action_count: 10,
      success_count: 8,
      failure_count: 2,
      agent_response_time: "00:00:01.5",
      agent_utilization: 100,
      agents_involved: ["builder", "tester"],
      chairman_interventions: 1,
      chairman_approvals: 2,
      chairman_rejections: 3,
      compute_cost: 12.34,
      api_calls_made: 77,
      data_quality_score: 0,
      confidence_score: 55.5,
      recorded_at: "2026-01-31T10:00:00+00:00",
      metric_period_start: "2026-01-31T09:00:00+00:00",
      metric_period_end: "2026-01-31T10:00:00+00:00",
      metadata: { session_type: "venture_workflow" },
    };
    expect(await record([row])).toEqual({
      accepted: 1,
      duplicates: 0,
      rejected: 0,
      results: [{ index: 0, metric_id: row.metric_id, outcome: "accepted" }],
    });
    expect(await api.row("orchestration_metrics", row.metric_id, "metric_id")).toMatchObject({
      ...row,
      stage_duration: "01:30:00",
    });
  });

  test("may say null for what it does not know, as the table's own type allows", async () => {
    const fields = Object.keys(orchestrationMetric.shape).map((field) => [field, null]);
    const { results } = await record([Object.fromEntries(fields)]);
    expect(results[0]?.outcome).toBe("accepted");
    const row = await api.row("orchestration_metrics", results[0]?.metric_id ?? "", "metric_id");
    expect(row).toMatchObject({ action_count: 0, error_rate: null, metadata: {}, recorded_at: expect.any(String) });
  });

  test("at the ends of every range is accepted", async () => {
    const ends = Object.entries(orchestrationMetric.shape).flatMap(([field, contract]) => {
      const { minValue, maxValue } = contract.unwrap().unwrap() as { minValue?: number; maxValue?: number };
      return typeof maxValue === "number" ? [[field, minValue, maxValue] as const] : [];
    });
    expect(ends.length).toBeGreaterThan(10);
    const largest: Record<string, unknown> = Object.fromEntries(ends.map(([field, , max]) => [field, max]));
    const smallest = Object.fromEntries(ends.map(([field, min]) => [field, min]));
    // Successes and failures are actions.
    largest.failure_count = 0;
    const answer = await record([largest, smallest]);
    expect(answer.results.map(({ outcome, error }) => [outcome, error])).toEqual([
      ["accepted", undefined],
      ["accepted", undefined],
    ]);
  });

  test("sent again by its id is a duplicate, and the first one stays", async () => {
    const row = { metric_id: randomUUID(), company_id: ours, api_calls_made: 1 };
    await record([row]);
    const answer = await record([{ ...row, api_calls_made: 2 }, { company_id: ours }]);
    expect(answer).toMatchObject({ accepted: 1, duplicates: 1, rejected: 0 });
    expect(answer.results[0]).toEqual({ index: 0, metric_id: row.metric_id, outcome: "duplicate" });
    expect(await api.row("orchestration_metrics", row.metric_id, "metric_id")).toMatchObject({ api_calls_made: 1 });
  });
});

describe("one bad row does not sink the others", () => {
  test.each<[string, unknown, string]>([
    ["an error rate below 0", { error_rate: -9.5 }, "error_rate"],
    ["an unknown field", { eror_rate: 0.1 }, "eror_rate"],
    ["a count beyond an integer", { action_count: 2_147_483_648 }, "action_count"],
    ["a count with a fraction", { success_count: 1.5 }, "success_count"],
    ["a stage that there is not", { stage_id: 41 }, "stage_id"],
    ["a cost beyond its column", { compute_cost: 100_000_000 }, "compute_cost"],
    ["no uuid", { venture_id: "x" }, "venture_id"],
    ["no time", { recorded_at: "yesterday" }, "recorded_at"],
    ["no duration", { stage_duration: "a while" }, "stage_duration"],
    ["no object", 7, "object"],
    ["null", null, "object"],
    ["an unknown company", { company_id: randomUUID() }, "company_id"],
    ["an unknown venture", { venture_id: randomUUID() }, "venture_id"],
    ["an unknown session", { session_id: randomUUID() }, "session_id"],
    ["a period that ends before it starts", periodBackwards(), "metric_period_start"],
  ])("%s", async (_what, bad, named) => {
    const [first, last] = [randomUUID(), randomUUID()];
    const before = await stored();
    const answer = await record([{ metric_id: first }, bad, { metric_id: last }]);
    expect(answer).toMatchObject({ accepted: 2, duplicates: 0, rejected: 1 });
    expect(answer.results).toEqual([
      { index: 0, metric_id: first, outcome: "accepted" },
      { index: 1, metric_id: null, outcome: "rejected", error: expect.stringContaining(named) },
      { index: 2, metric_id: last, outcome: "accepted" },
    ]);
    expect((await stored()).sort()).toEqual([...before, first, last].sort());
  });

  function periodBackwards() {
    return { metric_period_start: "2026-01-02T00:00:00Z", metric_period_end: "2026-01-01T00:00:00Z" };
  }

  test("and is named by the id that it was given", async () => {
    const metric_id = randomUUID();
    const answer = await record([{ metric_id, error_rate: 2 }]);
    expect(answer).toMatchObject({ accepted: 0, rejected: 1, results: [{ index: 0, metric_id, outcome: "rejected" }] });
  });

  test("nor do many, whatever their order", async () => {
    const rows = Array.from({ length: 1_000 }, (_, i) =>
      i % 3 === 0 ? { error_rate: 2 } : { metric_id: randomUUID(), company_id: i % 3 === 1 ? ours : randomUUID() },
    );
    const answer = await record(rows);
    expect(answer).toMatchObject({ accepted: 333, rejected: 667 });
    expect(answer.results.map(({ index }) => index)).toEqual([...rows.keys()]);
    for (const { index, outcome } of answer.results) expect(outcome).toBe(index % 3 === 1 ? "accepted" : "rejected");
  });
});

describe("a request", () => {
  test.each([
    ["no rows", { metrics: [] }],
    ["too many rows", { metrics: Array(1_001).fill({}) }],
    ["no list", { metrics: {} }],
    ["nothing", undefined],
    ["more than rows", { metrics: [{}], mode: "fast" }],
  ])("with %s is refused as a whole", async (_what, body) => {
    const before = await stored();
    await expectProblem(await api.post("orchestration-metrics", body), "invalid_request");
    expect(await stored()).toEqual(before);
  });

  test("with an Idempotency-Key is answered again, also its rejected rows", async () => {
    const as = { headers: { "idempotency-key": randomUUID() } };
    const rows = [{ company_id: ours }, { error_rate: 2 }];
    const first = await send(rows, as);
    const before = await stored();
    const again = await send(rows, as);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await again.json()).toEqual(await first.json());
    expect(await stored()).toEqual(before);
    // A row that was rejected is part of the request, though the database never saw it.
    await expectProblem(await send([{ company_id: ours }, { error_rate: 3 }], as), "idempotency_mismatch");
  });
});

describe("a signed-in user", () => {
  test("needs no role, and records for a company of their own", async () => {
    const metric_id = randomUUID();
    expect(await record([{ metric_id, company_id: ours }], member)).toMatchObject({ accepted: 1 });
    expect(await stored()).toContain(metric_id);
  });

  test("does not record for another company, nor for none", async () => {
    const before = await stored();
    const answer = await record([{ company_id: theirs }, { company_id: randomUUID() }, {}], member);
    expect(answer).toMatchObject({ accepted: 0, rejected: 3 });
    const [foreign, unknown] = answer.results;
    // Nobody learns that way which companies there are.
    expect(foreign?.error).toBe(unknown?.error);
    expect(await stored()).toEqual(before);
  });

  test("whose access is not active records nothing", async () => {
    const before = await stored();
    expect(await record([{ company_id: ours }], stranger)).toMatchObject({ accepted: 0, rejected: 1 });
    expect(await stored()).toEqual(before);
  });

  test("does not overwrite what another company recorded", async () => {
    const metric_id = randomUUID();
    await record([{ metric_id, company_id: theirs, api_calls_made: 5 }]);
    await record([{ metric_id, company_id: ours, api_calls_made: 6 }], member);
    expect(await api.row("orchestration_metrics", metric_id, "metric_id")).toMatchObject({
      company_id: theirs,
      api_calls_made: 5,
    });
  });

  test("leaves the connection to the next caller as it was", async () => {
    for (let i = 0; i < 10; i += 1) await record([{ company_id: ours }], member);
    const answers = await Promise.all(Array.from({ length: 10 }, () => record([{ company_id: theirs }])));
    expect(answers.every(({ accepted }) => accepted === 1)).toBe(true);
  });

  test("whose token is not valid records nothing", async () => {
    const before = await stored();
    const headers = { authorization: "Bearer x.y.z" };
    await expectProblem(await send([{}], { key: api.stack.publishableKey, headers }), "unauthenticated");
    await expectProblem(await send([{}], { key: api.stack.publishableKey }), "unauthenticated");
    expect(await stored()).toEqual(before);
  });

  test("still may not move anything", async () => {
    await expectProblem(await api.post("telemetry-runs", {}, member), "forbidden");
  });
});
