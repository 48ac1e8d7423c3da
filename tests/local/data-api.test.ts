import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startDataApiOnly, type TestDataApi } from "../support/data-api.ts";

let api: TestDataApi;
const companyId = "0a000000-0000-4000-8000-000000000001";
const metricId = "0b000000-0000-4000-8000-000000000001";
const runId = "0c000000-0000-4000-8000-000000000001";

beforeAll(async () => {
  api = await startDataApiOnly();
  const { database } = api;
  await database.query("insert into public.companies (id, name) values ($1, 'Northwind')", [companyId]);
  await database.query(
    `insert into public.orchestration_metrics
       (metric_id, company_id, stage_duration, handoff_efficiency, error_rate, action_count, agents_involved,
        compute_cost, recorded_at, metric_period_start, metadata)
     values ($1, $2, interval '1 day 02:03:04.5', 99.50, 0.0400, 7, array['plan', 'say "b", c', ''], 12345678.90,
             '2026-11-21 07:39:35.123456+00', '2026-03-29 01:30:00+05:30',
             '{"nested": {"list": [1, 2.50, null]}, "big": 1234567890123456}')`,
    [metricId, companyId],
  );
  await database.query(
    `insert into public.telemetry_analysis_runs (run_id, triggered_at, duration_ms, output_ref)
     values ($1, '2026-11-21 00:00:00+00', 1234, '[]')`,
    [runId],
  );
});
afterAll(() => api.stop());

describe("the local Data API answers what PostgREST answers", () => {
  test("for timestamptz, numeric, interval, text[] and jsonb", async () => {
    const { data, error } = await api
      .client(api.secretKey)
      .from("orchestration_metrics")
      .select(
        "recorded_at, metric_period_start, metric_period_end, handoff_efficiency, error_rate, compute_cost, " +
          "stage_duration, agents_involved, metadata, action_count",
      )
      .eq("metric_id", metricId)
      .single();
    expect(error).toBeNull();
    expect(data).toEqual({
      recorded_at: "2026-11-21T07:39:35.123456+00:00",
      metric_period_start: "2026-03-28T20:00:00+00:00",
      metric_period_end: null,
      handoff_efficiency: 99.5,
      error_rate: 0.04,
      compute_cost: 12345678.9,
      stage_duration: "1 day 02:03:04.5",
      agents_involved: ["plan", 'say "b", c', ""],
      metadata: { nested: { list: [1, 2.5, null] }, big: 1234567890123456 },
      action_count: 7,
    });
  });

  test("for timestamps without time zone", async () => {
    await api.database.query(
      `insert into public.strategic_directives_v2
         (id, title, status, category, priority, description, rationale, scope, sequence_rank, sd_key, created_at)
       values ('SD-T', 't', 'active', 'c', 'high', 'd', 'r', 's', 1, 'SD-T', '2026-01-02 03:04:05.06')`,
    );
    const { data } = await api
      .client(api.secretKey)
      .from("strategic_directives_v2")
      .select("created_at")
      .eq("id", "SD-T")
      .single();
    expect(data).toEqual({ created_at: "2026-01-02T03:04:05.06" });
  });

  test.each(["orchestration_metrics", "telemetry_analysis_runs", "companies"] as const)(
    "for whole rows of %s: PostgreSQL's own JSON of them",
    async (table) => {
      const { data, error } = await api.client(api.secretKey).from(table).select();
      expect(error).toBeNull();
      const expected = await api.database.query<{ row: unknown }>(`select to_jsonb(t) as row from public.${table} t`);
      expect(expected.length).toBeGreaterThan(0);
      expect(data).toEqual(expected.map(({ row }) => row));
    },
  );

  test("for filters and order on these types", async () => {
    const { data } = await api
      .client(api.secretKey)
      .from("orchestration_metrics")
      .select("metric_id")
      .gte("recorded_at", "2026-11-21T07:39:35+00:00")
      .lt("error_rate", 0.05)
      .contains("agents_involved", ["plan"]);
    expect(data).toEqual([{ metric_id: metricId }]);
  });

  test("for rows it wrote itself", async () => {
    const { data, error } = await api
      .client(api.secretKey)
      .from("orchestration_metrics")
      .insert({
        company_id: companyId,
        error_rate: 0.125,
        stage_duration: "PT90M",
        agents_involved: ["a"],
        recorded_at: "2026-11-21T09:00:00+02:00",
      })
      .select("error_rate, stage_duration, agents_involved, recorded_at")
      .single();
    expect(error).toBeNull();
    expect(data).toEqual({
      error_rate: 0.125,
      stage_duration: "01:30:00",
      agents_involved: ["a"],
      recorded_at: "2026-11-21T07:00:00+00:00",
    });
  });

  test("for errors of the database: SQLSTATE and HTTP status", async () => {
    const { error, status } = await api
      .client(api.secretKey)
      .from("orchestration_metrics")
      .insert({ company_id: companyId, stage_id: 41 });
    expect(status).toBe(400);
    expect(error?.code).toBe("23514");
    expect(error?.message).toContain("orchestration_metrics_stage_id_check");
  });
});

test("only schema public is exposed", async () => {
  const response = await fetch(`${api.url}/rest/v1/state_transitions_allowed`, {
    headers: { apikey: api.secretKey, "accept-profile": "leo" },
  });
  expect(response.status).toBe(406);
  expect(await response.json()).toMatchObject({ code: "PGRST106" });
});

test("nobody signs up alone", async () => {
  const { data, error } = await api
    .client()
    .auth.signUp({ email: "stranger@nowhere.example", password: "longenough1" });
  expect(error?.status).toBe(422);
  expect(data.user).toBeNull();
});

test("a sign-in's token carries the claims that hosted Auth puts into it", async () => {
  const userId = await api.createUser({ email: "olga@northwind.example", appMetadata: { leo_role: "operator" } });
  const client = await api.signIn("olga@northwind.example");
  const { data } = await client.auth.getClaims();
  expect(data?.claims).toMatchObject({ sub: userId, role: "authenticated", app_metadata: { leo_role: "operator" } });
  const { data: refreshed } = await client.auth.refreshSession();
  expect(refreshed.user?.id).toBe(userId);
  const [, payload = ""] = refreshed.session?.access_token.split(".") ?? [];
  expect(JSON.parse(Buffer.from(payload, "base64url").toString())).toMatchObject({
    app_metadata: { leo_role: "operator" },
  });
});
