import { afterAll, beforeAll, expect, test } from "vitest";
import { type Client, startDataApiOnly, type TestDataApi } from "../support/data-api.ts";
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

/** The gaps of a session by name, with since when they are open. */
async function gapsOf(sessionId: string): Promise<(string | null)[][]> {
  const { data, error } = await client
    .from("checkpoint_gaps")
    .select("checkpoint_name, open_since")
    .eq("session_id", sessionId)
    .order("checkpoint_name");
  expect(error).toBeNull();
  return (data ?? []).map(({ checkpoint_name, open_since }) => [checkpoint_name, open_since]);
}

/** Dates every checkpoint of a session, and what the history has of them, in its order. */
async function date(sessionId: string, created: string, moves: string[]): Promise<void> {
  await api.database.query("update public.exec_quality_checkpoints set created_at = $2 where session_id = $1", [
    sessionId,
    created,
  ]);
  await api.database.query(
    `update public.state_transitions transition
     set occurred_at = coalesce(($2::timestamptz[])[numbered.place], transition.occurred_at)
     from (
       select id, row_number() over (partition by entity_id order by id) as place
       from public.state_transitions
       where entity_id in (select id from public.exec_quality_checkpoints where session_id = $1)
     ) as numbered
     where numbered.id = transition.id`,
    [sessionId, moves],
  );
}

test("shows the required checkpoints that are not complete, with their session and directive", async () => {
  const { id, sdId } = await events.start(["passed", "waived", "load test"]);
  await events.checkpoint("complete", id, "passed", { score: 90 });
  await events.checkpoint("waive", id, "waived", { reason: "no load yet" });
  await events.session("pause", id);
  await api.database.query(
    "update public.exec_quality_checkpoints set created_at = now() - interval '1 hour' where session_id = $1",
    [id],
  );

  const { data } = await client.from("checkpoint_gaps").select().eq("sd_id", sdId);
  expect(data).toMatchObject([
    {
      session_id: id,
      sd_title: "A directive",
      session_status: "paused",
      checkpoint_name: "load test",
      checkpoint_type: "PERFORMANCE",
    },
  ]);
  expect(data?.[0]?.open_seconds).toBeGreaterThanOrEqual(3600);
  expect(data?.[0]?.open_seconds).toBeLessThan(3900);
});

test("shows nothing of sessions that ended", async () => {
  const { id } = await events.start(["audit"]);
  expect(await gapsOf(id)).toHaveLength(1);
  await events.session("cancel", id, { reason: "not needed" });
  expect(await gapsOf(id)).toEqual([]);
});

test("counts a checkpoint as open since it was made, or since it was last reopened", async () => {
  const { id } = await events.start(["never passed", "reopened"]);
  for (const _ of [1, 2]) {
    await events.checkpoint("complete", id, "reopened", { score: 80 });
    await events.checkpoint("reopen", id, "reopened", { reason: "it fails again" });
  }
  const moves = ["10:00", "11:00", "12:00", "13:00", "14:00"].map((time) => `2026-03-01 ${time}Z`);
  await date(id, "2026-03-01 09:00Z", moves);
  expect(await gapsOf(id)).toEqual([
    ["never passed", "2026-03-01T09:00:00+00:00"],
    ["reopened", "2026-03-01T14:00:00+00:00"],
  ]);
});

test("counts a checkpoint that was waived as open since it is required again", async () => {
  const { id } = await events.start(["audit"]);
  await events.checkpoint("waive", id, "audit", { reason: "not now" });
  await api.database.query("update public.exec_quality_checkpoints set is_required = true where session_id = $1", [id]);
  await date(id, "2026-03-01 09:00Z", ["2026-03-01 10:00Z", "2026-03-01 11:00Z", "2026-03-01 12:00Z"]);
  expect(await gapsOf(id)).toEqual([["audit", "2026-03-01T12:00:00+00:00"]]);
});

test("takes null for required and not complete, as the guard of sessions does", async () => {
  const { id } = await events.start(["audit"]);
  await api.database.query(
    "update public.exec_quality_checkpoints set is_required = null, is_complete = null where session_id = $1",
    [id],
  );
  expect(await gapsOf(id)).toHaveLength(1);
});
