import { afterAll, beforeAll, expect, test } from "vitest";
import { type Client, startDataApiOnly, type TestDataApi } from "../support/data-api.ts";
import { caller } from "../transitions/call-event.ts";
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

test("tells the story of a directive: sessions, checkpoints and hand-offs in their order", async () => {
  const { id: sessionId, sdId } = await events.start(["audit"]);
  await events.start(["of another directive"]);
  await events.session("fail", sessionId, { reason: "the build broke" });
  await events.session("retry", sessionId);
  await events.checkpoint("complete", sessionId, "audit", { score: 80 });
  await events.session("complete", sessionId);
  const { id: handoffId } = await events.prepare(sessionId);

  const { data, error } = await client.from("sd_timeline").select().eq("sd_id", sdId).order("transition_id");
  expect(error).toBeNull();
  expect(data?.map((row) => [row.machine, row.checkpoint_name, row.event, row.from_status, row.to_status])).toEqual([
    ["quality_checkpoint", "audit", "insert", null, "incomplete"],
    ["exec_session", null, "start", null, "active"],
    ["exec_session", null, "fail", "active", "failed"],
    ["exec_session", null, "retry", "failed", "active"],
    ["quality_checkpoint", "audit", "complete", "incomplete", "complete"],
    ["exec_session", null, "complete", "active", "completed"],
    ["handoff", null, "prepare", null, "preparing"],
  ]);
  expect(data?.[2]).toMatchObject({
    entity_id: sessionId,
    actor: caller.actor,
    reason: "the build broke",
    request_id: caller.request_id,
  });
  expect(data?.[6]).toMatchObject({ entity_id: handoffId });
});

test("has the time since the previous move of the same row, whatever else moved between", async () => {
  const { id: sessionId, sdId } = await events.start(["audit"]);
  await events.session("pause", sessionId);
  await events.checkpoint("complete", sessionId, "audit", { score: 80 });
  await events.session("resume", sessionId);
  // One move a minute: the checkpoint, start, pause, the checkpoint, resume.
  await api.database.query(
    `update public.state_transitions transition set occurred_at = timestamptz '2026-03-01 10:00Z'
       + numbered.place * interval '1 minute 0.25 seconds'
     from (select id, row_number() over (order by id) as place from public.state_transitions where sd_id = $1) numbered
     where numbered.id = transition.id`,
    [sdId],
  );
  const { data } = await client
    .from("sd_timeline")
    .select("event, seconds_since_previous")
    .eq("sd_id", sdId)
    .order("transition_id");
  expect(data).toEqual([
    { event: "insert", seconds_since_previous: null },
    { event: "start", seconds_since_previous: null },
    { event: "pause", seconds_since_previous: 60.25 },
    { event: "complete", seconds_since_previous: 180.75 },
    { event: "resume", seconds_since_previous: 120.5 },
  ]);
});

test("keeps apart two machines whose rows happen to have the same id", async () => {
  const { id: sessionId, sdId } = await events.start(["audit"]);
  await api.database.query("insert into public.telemetry_analysis_runs (run_id, scope_id) values ($1, 'own')", [
    sessionId,
  ]);
  await events.session("pause", sessionId);
  await api.database.query(
    `update public.state_transitions set occurred_at = timestamptz '2026-03-01 10:00Z'
       + case when event = 'pause' then interval '1 hour' when machine = 'telemetry_run' then '59 minutes' else '0' end
     where entity_id = $1`,
    [sessionId],
  );
  const { data } = await client.from("sd_timeline").select().eq("sd_id", sdId).eq("event", "pause").single();
  expect(data?.seconds_since_previous).toBe(3600);
});

test("has nothing of runs and generations, which belong to no directive", async () => {
  await events.request({ scope_type: "workspace", scope_id: "w" });
  const { count } = await client
    .from("sd_timeline")
    .select("*", { count: "exact", head: true })
    .eq("machine", "telemetry_run");
  expect(count).toBe(0);
});
