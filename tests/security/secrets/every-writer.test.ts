import { randomUUID } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import { startDataApiOnly } from "../../support/data-api.ts";

const api = await startDataApiOnly();

afterAll(() => api.stop());

const leaking = "no answer from postgresql://leo:hunter2@db.internal/leo, password=hunter2";
const service = api.client(api.secretKey);

test("a run that a service writes through the Data API keeps no secret in its error", async () => {
  const row = { run_id: randomUUID(), status: "FAILED", error_message: leaking, error_class: "token=hunter2" };
  const inserted = await service.from("telemetry_analysis_runs").insert(row).select("error_message, error_class");
  expect(inserted.error).toBeNull();
  const updated = await service
    .from("telemetry_analysis_runs")
    .update({ error_message: `again: ${leaking}` })
    .eq("run_id", row.run_id)
    .select("error_message, error_class");
  expect(updated.error).toBeNull();
  for (const { data } of [inserted, updated]) {
    expect(data).toHaveLength(1);
    expect(data?.[0]?.error_message).toContain("no answer from");
    expect(JSON.stringify(data)).not.toContain("hunter2");
  }
});

test("nor does a generation of OKRs", async () => {
  const row = { period: "2026-01", generation_date: "2026-01-01", status: "failed", error_message: leaking };
  const inserted = await service.from("okr_generation_log").insert(row).select("id, error_message").single();
  expect(inserted.error).toBeNull();
  const updated = await service
    .from("okr_generation_log")
    .update({ error_message: `again: ${leaking}` })
    .eq("id", `${inserted.data?.id}`)
    .select("error_message")
    .single();
  expect(updated.data?.error_message).toContain("again: no answer from");
  expect(JSON.stringify([inserted.data, updated.data])).not.toContain("hunter2");
});

test("nor does the reason of an operator who overrides a status", async () => {
  const [run] = await api.database.query<{ run_id: string }>(
    "insert into public.telemetry_analysis_runs (run_id) values (gen_random_uuid()) returning run_id",
  );
  await api.database.query("select leo.override_status('telemetry_run', $1, 'FAILED', $2)", [run?.run_id, leaking]);
  const { data } = await service.from("state_transitions").select("reason").eq("entity_id", `${run?.run_id}`);
  expect(data?.map(({ reason }) => reason?.split(" ").slice(0, 3).join(" "))).toContain("no answer from");
  expect(JSON.stringify(data)).not.toContain("hunter2");
});
