import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { historyOf } from "../transitions/call-event.ts";
import { context, startedSession } from "../transitions/events.ts";
import { sessionNow, silence, silentSession, sweep } from "./support.ts";

let database: TestDatabase;
let id: string;
let sdId: string;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  // What the test before has left.
  await sweep(database);
  ({ id, sdId } = await silentSession(database));
});

const statusOf = async () => (await sessionNow(database, id)).status;

/** Runs a statement about the session $1. */
const change = (sql: string) => database.query(sql, [id]);

const insertHandoff = `
  insert into public.exec_handoff_preparations (session_id, sd_id, implementation_summary)
  select id, sd_id, 'Nearly done.' from public.exec_implementation_sessions where id = $1`;

describe("an active session without a sign of life for a day", () => {
  it("is paused, with the reason in the history, and can be resumed", async () => {
    expect(await sweep(database)).toMatchObject({ sessions_paused: 1, skipped: 0 });
    expect(await sessionNow(database, id)).toEqual({ status: "paused", attempt: 1 });
    expect((await historyOf(database, id)).at(-1)).toEqual({
      event: "pause",
      from_status: "active",
      to_status: "paused",
      actor: "sweep",
      reason: expect.stringMatching(
        /^no sign of life since \d{4}-\d\d-\d\d \d\d:\d\d UTC \(session_stale_after is 24:/,
      ),
      request_id: "request-1",
    });
    expect(await sweep(database)).toMatchObject({ sessions_paused: 0 });

    await database.query("select leo.move_exec_session($1, '{}', $2)", [id, { ...context, event: "resume" }]);
    expect(await sweep(database)).toMatchObject({ sessions_paused: 0 });
    expect(await sessionNow(database, id)).toEqual({ status: "active", attempt: 2 });
  });

  it("gets its directive and its gates back as they were", async () => {
    const rows = () =>
      database.query(
        `select to_jsonb(sd) as sd, array(
           select to_jsonb(gate) from public.exec_quality_checkpoints gate where gate.sd_id = sd.id order by gate.id
         ) as gates
         from public.strategic_directives_v2 sd where id = $1`,
        [sdId],
      );
    const before = await rows();
    await sweep(database);
    expect(await rows()).toEqual(before);
  });

  it.each([
    ["whose progress was reported", "update public.exec_implementation_sessions set updated_at = now() where id = $1"],
    [
      "that somebody has changed by hand, without a thought for updated_at",
      "update public.exec_implementation_sessions set implementation_progress = 7 where id = $1",
    ],
    [
      "of which a gate was passed by a plain update",
      `update public.exec_quality_checkpoints set is_complete = true
       where session_id = $1 and checkpoint_type = 'TESTING'`,
    ],
    ["of which a hand-off is being prepared", insertHandoff],
    ["that is paused", "update public.exec_implementation_sessions set status = 'paused' where id = $1"],
    ["that has failed", "update public.exec_implementation_sessions set status = 'failed' where id = $1"],
  ])("but not one %s", async (_which, sql) => {
    await change(sql);
    const before = await sessionNow(database, id);
    expect(await sweep(database)).toMatchObject({ sessions_paused: 0, skipped: 0 });
    expect(await sessionNow(database, id)).toEqual(before);
  });

  it.each([
    ["a gate", "update public.exec_quality_checkpoints set is_complete = true, updated_at = $2 where session_id = $1"],
    [
      "a hand-off",
      `insert into public.exec_handoff_preparations (session_id, sd_id, implementation_summary, updated_at)
       select id, sd_id, 'Draft.', $2 from public.exec_implementation_sessions where id = $1`,
    ],
  ])("is one also where %s was worked on, a day and an hour ago", async (_what, sql) => {
    await database.query(sql, [id, new Date(Date.now() - 25 * 3_600_000)]);
    expect(await sweep(database)).toMatchObject({ sessions_paused: 1 });
  });

  it("is one from the next sweep on when it was resumed by hand a day ago", async () => {
    for (const status of ["paused", "active"]) {
      await change(`update public.exec_implementation_sessions set status = '${status}' where id = $1`);
    }
    expect(await sweep(database)).toMatchObject({ sessions_paused: 0 });
    await silence(database, id);
    expect(await sweep(database)).toMatchObject({ sessions_paused: 1 });
  });

  it.each([
    ["in the year 2999", "'2999-01-01'"],
    ["at infinity", "'infinity'"],
  ])("is not kept alive by a time %s", async (_when, time) => {
    await change(`update public.exec_implementation_sessions set updated_at = ${time}, started_at = ${time},
      created_at = now() - interval '25 hours' where id = $1`);
    expect(await sweep(database)).toMatchObject({ sessions_paused: 1 });
  });

  it("is not one yet where it says that it began, and was changed, before all time", async () => {
    await change(`update public.exec_implementation_sessions
      set started_at = '-infinity', updated_at = '-infinity', created_at = now() - interval '23 hours' where id = $1`);
    expect(await sweep(database)).toMatchObject({ sessions_paused: 0 });
    await change(`update public.exec_implementation_sessions
      set updated_at = null, created_at = now() - interval '25 hours' where id = $1`);
    expect(await sweep(database)).toMatchObject({ sessions_paused: 1 });
  });

  it("is not one yet where a clock is some hours ahead", async () => {
    await change(
      "update public.exec_implementation_sessions set updated_at = now() + interval '14 hours' where id = $1",
    );
    expect(await sweep(database)).toMatchObject({ sessions_paused: 0 });
  });

  it("without any times at all is told by when it started", async () => {
    await change("update public.exec_implementation_sessions set updated_at = null where id = $1");
    expect(await sweep(database)).toMatchObject({ sessions_paused: 0 });
    await change(`update public.exec_implementation_sessions
      set started_at = null, created_at = null, updated_at = '-infinity' where id = $1`);
    await change("update public.exec_implementation_sessions set updated_at = null where id = $1");
    expect(await sweep(database)).toMatchObject({ sessions_paused: 1 });
    expect((await historyOf(database, id)).at(-1)).toMatchObject({ reason: expect.stringMatching(/since ever/) });
  });
});

describe("leo.settings", () => {
  const set = (value: string) => database.query("update leo.settings set session_stale_after = $1::interval", [value]);

  it("say how long that is, from the next statement on", async () => {
    await silence(database, id, "2 hours");
    expect(await sweep(database)).toMatchObject({ sessions_paused: 0 });
    await set("1 hour");
    try {
      expect(await sweep(database)).toMatchObject({ sessions_paused: 1 });
    } finally {
      await set("24 hours");
    }
  });

  it.each(["0", "-1 hour", "1 mon -31 days", "2000 years"])("cannot be %s", async (value) => {
    await expect(set(value)).rejects.toThrow(/settings_session_stale_after_check/);
  });

  it("can be as long as they may be", async () => {
    await set("1000 years");
    expect(await sweep(database)).toMatchObject({ sessions_paused: 0, skipped: 0 });
    await set("24 hours");
    expect(await sweep(database)).toMatchObject({ sessions_paused: 1 });
  });

  it("are one row, which is not missed", async () => {
    await expect(database.query("insert into leo.settings (id) values (false)")).rejects.toThrow(/settings_is_one_row/);
    await expect(database.query("insert into leo.settings default values")).rejects.toThrow(/settings_pkey/);
    await database.query("delete from leo.settings");
    expect(await sweep(database)).toMatchObject({ sessions_paused: 1 });
    await database.query("insert into leo.settings default values");
  });
});

it("a second silent session of a directive, beside one that is paused, stays: there is no room for it", async () => {
  await sweep(database);
  const [other] = await database.query<{ id: string }>(
    `insert into public.exec_implementation_sessions (sd_id, implementation_type, updated_at)
     values ($1, 'UI_COMPONENT', now() - interval '2 days') returning id`,
    [sdId],
  );
  expect(await sweep(database)).toMatchObject({ sessions_paused: 0, skipped: 0 });
  expect(await sessionNow(database, other?.id as string)).toMatchObject({ status: "active" });
  await database.query("update public.exec_implementation_sessions set updated_at = now() where id = $1", [other?.id]);
});

it("no more sessions than the limit are paused in one go", async () => {
  for (const _ of [1, 2]) await silentSession(database);
  expect(await sweep(database, { limit: 2 })).toMatchObject({ sessions_paused: 2 });
  expect(await sweep(database, { limit: 2 })).toMatchObject({ sessions_paused: 1 });
  expect(await statusOf()).toBe("paused");
});

it("a session that is at work is let alone", async () => {
  await sweep(database);
  const busy = await startedSession(database);
  expect(await sweep(database)).toMatchObject({ sessions_paused: 0 });
  expect(await sessionNow(database, busy.id)).toEqual({ status: "active", attempt: 1 });
});
