import { afterAll, beforeAll, expect, test } from "vitest";
import { type Client, startDataApiOnly, type TestDataApi } from "../support/data-api.ts";
import { insertRun } from "../transitions/telemetry-runs.ts";
import { type Events, eventsOf, somebody } from "./support/cast.ts";

let api: TestDataApi;
let client: Client;
let events: Events;

beforeAll(async () => {
  api = await startDataApiOnly();
  events = eventsOf(api.database);
  await api.createUser({ email: somebody });
  client = await api.signIn(somebody);
});
afterAll(() => api.stop());

const found = {
  output_ref: { rows_scanned: 12, bottlenecks: [{ dimension_type: "agent" }] },
  findings_count: 1,
  top_bottleneck_category: "agent",
};

/** A run of a scope that succeeded with `outcome`. */
async function succeeded(scope: object, outcome: object = found): Promise<string> {
  const runId = await events.request(scope);
  await events.claim();
  await events.run("succeed", runId, outcome);
  return runId;
}

const finish = (runId: string, at: string) =>
  api.database.query("update public.telemetry_analysis_runs set finished_at = $2 where run_id = $1", [runId, at]);

const findingsOf = (scopeType: string, scopeId: string | null) => {
  const all = client.from("telemetry_findings").select().eq("scope_type", scopeType);
  return scopeId === null ? all.is("scope_id", null) : all.eq("scope_id", scopeId);
};

test("shows the latest run that succeeded, how old it is, and the one that is under way", async () => {
  const scope = { scope_type: "workspace", scope_id: "northwind" };
  await finish(await succeeded(scope, { reason_code: "INSUFFICIENT_DATA" }), "2026-01-01");
  const latest = await succeeded(scope);
  const ago = new Date(Date.now() - 3_600_000).toISOString();
  await finish(latest, ago);
  const active = await events.request(scope);

  const { data, error } = await findingsOf("workspace", "northwind");
  expect(error).toBeNull();
  expect(data).toMatchObject([
    { ...scope, run_id: latest, ...found, reason_code: null, active_run_id: active, active_status: "QUEUED" },
  ]);
  expect(data?.[0]?.age_seconds).toBeGreaterThanOrEqual(3600);
  expect(data?.[0]?.age_seconds).toBeLessThan(3900);
  await events.run("cancel", active);
});

test("keeps the findings of the latest success through later failures and cancelled runs", async () => {
  const scope = { scope_type: "user", scope_id: "ada" };
  const latest = await succeeded(scope);
  const failed = await events.request(scope);
  await events.claim();
  await events.run("fail", failed, { error_class: "Timeout", error_message: "too slow" });
  await events.run("cancel", await events.request(scope));
  expect((await findingsOf("user", "ada")).data).toMatchObject([{ run_id: latest, active_run_id: null }]);
});

test("shows a scope without an id, apart from those of its type that have one", async () => {
  const [whole, one] = [
    await succeeded({ scope_type: "global" }),
    await succeeded({ scope_type: "global", scope_id: "" }),
  ];
  expect((await findingsOf("global", null)).data).toMatchObject([{ scope_id: null, run_id: whole }]);
  expect((await findingsOf("global", "")).data).toMatchObject([{ scope_id: "", run_id: one }]);
});

test("shows a scope that no run has succeeded for, with the run that works on it", async () => {
  const runId = await events.request({ scope_type: "user", scope_id: "new" });
  await events.claim();
  const { data } = await findingsOf("user", "new");
  expect(data).toMatchObject([
    { run_id: null, finished_at: null, age_seconds: null, active_run_id: runId, active_status: "RUNNING" },
  ]);
  expect(data?.[0]?.active_started_at).not.toBeNull();
});

test("is not led astray by runs that clients date in the future or not at all", async () => {
  const scope = { scope_type: "user", scope_id: "odd" };
  const latest = await succeeded(scope);
  await insertRun(api.database, { ...scope, status: "SUCCEEDED", finished_at: { sql: "now() + interval '1 day'" } });
  await insertRun(api.database, { ...scope, status: "SUCCEEDED", finished_at: { sql: "'infinity'" } });
  await insertRun(api.database, { ...scope, status: "SUCCEEDED" });
  expect((await findingsOf("user", "odd")).data).toMatchObject([{ run_id: latest }]);
});

test("lists every scope once, whatever became of its runs", async () => {
  await insertRun(api.database, { scope_type: "workspace", scope_id: "only failed", status: "FAILED" });
  const { data } = await client.from("telemetry_findings").select("scope_type, scope_id");
  const inTable = await api.database.query(
    "select distinct scope_type, scope_id from public.telemetry_analysis_runs order by 1, 2",
  );
  const key = (row: object) => JSON.stringify(row);
  expect(inTable.length).toBeGreaterThan(5);
  expect(data?.map(key).sort()).toEqual(inTable.map(key).sort());
});
