import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Client, startDataApiOnly, type TestDataApi } from "../support/data-api.ts";
import { type Events, eventsOf, somebody } from "./support/cast.ts";

let api: TestDataApi;
let client: Client;
let events: Events;
let running: { sdId: string; id: string };
let paused: { sdId: string; id: string };
let finished: { sdId: string; id: string };
let handoffId: string;

beforeAll(async () => {
  api = await startDataApiOnly();
  events = eventsOf(api.database);
  await api.createUser({ email: somebody });
  client = await api.signIn(somebody);

  running = await events.start(["unit tests", "load test", "audit"]);
  await events.progress(running.id, { implementation_progress: 40 });
  await events.checkpoint("complete", running.id, "unit tests", { score: 90 });
  await events.checkpoint("waive", running.id, "load test", { reason: "no load yet" });
  handoffId = (await events.prepare(running.id)).id;

  paused = await events.start(["audit"]);
  await events.session("fail", paused.id, { reason: "the build broke" });
  await events.session("retry", paused.id);
  await events.session("pause", paused.id);

  finished = await events.start(["audit"]);
  await events.checkpoint("complete", finished.id, "audit", { score: 70 });
  await events.session("complete", finished.id);
  const { id } = await events.prepare(finished.id);
  await events.handoff("ready", id);
  await events.handoff("send", id);
  await events.handoff("accept", id, "secret:verifier");

  // Times are set where tests want to know them; nothing but times.
  await api.database.query(
    `update public.exec_implementation_sessions
     set started_at = now() - interval '2 hours', updated_at = '2026-03-01 10:00Z' where id = $1`,
    [running.id],
  );
  await api.database.query(
    `update public.exec_quality_checkpoints
     set updated_at = case checkpoint_name when 'audit' then timestamptz '2026-03-01 10:30Z' else '2026-03-01 09:00Z' end
     where session_id = $1`,
    [running.id],
  );
  await api.database.query(
    "update public.exec_handoff_preparations set updated_at = '2026-03-01 10:20Z' where session_id = $1",
    [running.id],
  );
  await api.database.query(
    `update public.exec_implementation_sessions
     set started_at = '2026-03-01 10:00Z', completed_at = '2026-03-01 11:30Z', updated_at = '2026-03-01 11:30Z'
     where id = $1`,
    [finished.id],
  );
});
afterAll(() => api.stop());

const of = (id: string) => client.from("session_overview").select().eq("session_id", id).single();

describe("the overview of a session", () => {
  test("counts the gates that are required and those of them that are done, and names the open hand-off", async () => {
    const { data, error } = await of(running.id);
    expect(error).toBeNull();
    expect(data).toMatchObject({
      sd_id: running.sdId,
      sd_title: "A directive",
      status: "active",
      attempt: 1,
      implementation_type: "API_ENDPOINT",
      implementation_progress: 40,
      checkpoints_required: 2,
      checkpoints_done: 1,
      open_handoff_id: handoffId,
      open_handoff_status: "preparing",
      completed_at: null,
    });
  });

  test("has the last change of the session, its checkpoints or its hand-offs as the last sign of life", async () => {
    const sign = async (id: string) => (await of(id)).data?.last_sign_of_life_at;
    expect(await sign(running.id)).toBe("2026-03-01T10:30:00+00:00");
    // Accepted just now.
    expect(Date.parse(`${await sign(finished.id)}`)).toBeGreaterThan(Date.parse("2026-03-02T00:00:00Z"));
  });

  test("has as that what the sweep takes for it, and no time without end or more than a day ahead", async () => {
    const { id } = await events.start(["audit"]);
    await events.prepare(id);
    const tables = ["exec_quality_checkpoints", "exec_handoff_preparations"].map(
      (table) => `update public.${table} set updated_at = `,
    );
    const signs = async () => {
      const [row] = await api.database.query<{ swept_by: string }>(
        `select nullif(leo.last_sign_of_life(session), '-infinity')::text as swept_by
         from public.exec_implementation_sessions session where id = $1`,
        [id],
      );
      const [seen] = await api.database.query<{ shown: string }>(
        "select last_sign_of_life_at::text as shown from public.session_overview where session_id = $1",
        [id],
      );
      expect(seen?.shown).toBe(row?.swept_by);
      return (await of(id)).data?.last_sign_of_life_at;
    };
    const set = (columns: string) =>
      api.database.query(`update public.exec_implementation_sessions set ${columns} where id = $1`, [id]);

    await set("updated_at = now() + interval '400 days', started_at = '2026-03-01 08:00Z'");
    for (const update of tables) {
      await api.database.query(`${update} now() + interval '400 days' where session_id = $1`, [id]);
    }
    expect(await signs()).toBe("2026-03-01T08:00:00+00:00");
    for (const [index, update] of tables.entries()) {
      await api.database.query(`${update} '2026-03-01 1${index}:00Z' where session_id = $1`, [id]);
      expect(await signs()).toBe(`2026-03-01T1${index}:00:00+00:00`);
    }
    // The gates that came with it are none.
    await api.database.query(`${tables[0]} created_at where session_id = $1`, [id]);
    expect(await signs()).toBe("2026-03-01T11:00:00+00:00");

    await api.database.query("delete from public.exec_handoff_preparations where session_id = $1", [id]);
    await set("started_at = null, created_at = '2026-02-01 08:00Z'");
    await set("updated_at = now() + interval '26 hours'");
    expect(await signs()).toBe("2026-02-01T08:00:00+00:00");
    await set("updated_at = now() + interval '23 hours'");
    expect(Date.parse(`${await signs()}`)).toBeGreaterThan(Date.now());
    await set("started_at = '-infinity', updated_at = '-infinity'");
    expect(await signs()).toBe("2026-02-01T08:00:00+00:00");
    await set("created_at = 'infinity', updated_at = 'infinity'");
    expect(await signs()).toBeNull();
    await events.session("cancel", id);
  });

  test("has the age until now of one that runs, and until its end of one that ended", async () => {
    const age = (await of(running.id)).data?.age_seconds ?? 0;
    expect(age).toBeGreaterThanOrEqual(7200);
    expect(age).toBeLessThan(7500);
    expect((await of(finished.id)).data?.age_seconds).toBe(5400);
  });

  test("has no open hand-off once that was accepted", async () => {
    const { data } = await of(finished.id);
    expect(data).toMatchObject({
      status: "completed",
      checkpoints_required: 1,
      checkpoints_done: 1,
      open_handoff_id: null,
      open_handoff_status: null,
    });
  });

  test("counts attempts", async () => {
    expect((await of(paused.id)).data).toMatchObject({ status: "paused", attempt: 2, checkpoints_done: 0 });
  });
});

test("can be filtered, ordered and counted as a table", async () => {
  const { data, count } = await client
    .from("session_overview")
    .select("session_id, status", { count: "exact" })
    .in("status", ["active", "completed"])
    .order("started_at", { ascending: false });
  expect(data).toEqual([
    { session_id: running.id, status: "active" },
    { session_id: finished.id, status: "completed" },
  ]);
  expect(count).toBe(2);
});

test("leaves a session out of no list because a client wrote an endless time into it", async () => {
  const endless = await events.start(["audit"]);
  await api.database.query(
    "update public.exec_implementation_sessions set started_at = '-infinity', updated_at = 'infinity' where id = $1",
    [endless.id],
  );
  const { data, error } = await client.from("session_overview").select().eq("status", "active");
  expect(error).toBeNull();
  expect(data?.map(({ session_id }) => session_id).sort()).toEqual([running.id, endless.id].sort());
});
