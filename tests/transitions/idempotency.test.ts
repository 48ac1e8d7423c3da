import { randomUUID } from "node:crypto";
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { callEvent, caller, type EventAnswer, rowsFrom } from "./call-event.ts";
import { pidOf, untilBlocked } from "./events.ts";
import { insertRun, newScope, runNow, statusesOf } from "./telemetry-runs.ts";

let database: TestDatabase;
let scope: { scope_type: string; scope_id: string };
let key: string;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(() => {
  scope = newScope();
  key = randomUUID();
});

/** What `leo.call_once` answers. */
interface Once {
  answer?: EventAnswer;
  replayed?: boolean;
  refusal?: { code: string };
}

interface OnceCall {
  by?: TestDatabase | pg.ClientBase;
  idempotency?: object;
  name?: string;
  id?: string;
  request?: object;
  context?: object;
}

/** Requests a run of the scope, once, unless told otherwise. */
async function once(call: OnceCall = {}): Promise<Once> {
  const { by = database, name = "request_telemetry_run", id = null, request = scope, context } = call;
  const idempotency = { key, caller: "secret:test", route: "telemetry-runs POST /", digest: "d1", ...call.idempotency };
  const [row] = await rowsFrom<{ once: Once }>(by, "select leo.call_once($1, $2, $3, $4, $5) as once", [
    idempotency,
    name,
    id,
    request,
    { ...caller, ...context },
  ]);
  if (!row) throw new Error("leo.call_once returned nothing");
  return row.once;
}

describe("a key", () => {
  it("lets the first call through and repeats its answer for the second, which changes nothing", async () => {
    const first = await once();
    expect(first).toMatchObject({ replayed: false, answer: { decision: "enqueued", run: scope } });
    await callEvent(database, "move_telemetry_run", { id: first.answer?.run?.run_id, context: { event: "cancel" } });
    expect(await once()).toEqual({ replayed: true, answer: first.answer });
    expect(await statusesOf(database, scope)).toEqual(["CANCELLED"]);
  });

  it("repeats a refusal also when the reason for it is gone", async () => {
    const run = await insertRun(database, { ...scope, status: "QUEUED" });
    const call = {
      name: "move_telemetry_run",
      id: run.run_id,
      request: { reason_code: "INSUFFICIENT_DATA" },
      context: { event: "succeed" },
    };
    const refused = { refusal: { code: "illegal_transition", current: "QUEUED", event: "succeed" } };
    expect(await once(call)).toMatchObject({ replayed: false, answer: refused });
    await database.query("update public.telemetry_analysis_runs set status = 'RUNNING' where run_id = $1", [
      run.run_id,
    ]);
    expect(await once(call)).toMatchObject({ replayed: true, answer: refused });
    expect(await runNow(database, run.run_id)).toMatchObject({ status: "RUNNING" });
  });

  it.each([
    ["another body", { idempotency: { digest: "d2" } }],
    ["another route", { idempotency: { route: "telemetry-runs POST /claim" } }],
    ["another function", { name: "start_okr_generation", request: {} }],
    ["another entity", { name: "move_telemetry_run", id: randomUUID(), context: { event: "cancel" } }],
  ])("is refused for %s", async (_title, call) => {
    const first = await once();
    expect(await once(call)).toEqual({ refusal: { code: "idempotency_mismatch" } });
    expect(await once()).toEqual({ replayed: true, answer: first.answer });
    expect(await statusesOf(database, scope)).toEqual(["QUEUED"]);
    expect(await database.query("select from public.okr_generation_log")).toEqual([]);
  });

  it("of one caller is not that of another, who learns nothing from it", async () => {
    const first = await once();
    const other = newScope();
    const stranger = await once({ idempotency: { caller: "user:stranger", digest: "d2" }, request: other });
    expect(stranger).toMatchObject({ replayed: false, answer: { decision: "enqueued", run: other } });
    expect(await once()).toEqual({ replayed: true, answer: first.answer });
  });

  it.each([
    ["is still known after nearly a day", "23 hours 59 minutes", true],
    ["is free again after a day", "24 hours", false],
  ])("%s", async (_title, age, replayed) => {
    const first = await once();
    await database.query(
      "update leo.idempotency_keys set created_at = created_at - $1::interval where key = $2 and caller = 'secret:test'",
      [age, key],
    );
    const digest = replayed ? "d1" : "d2";
    const second = await once({ idempotency: { digest } });
    expect(second).toMatchObject({ replayed, answer: { decision: replayed ? "enqueued" : "already_active" } });
    expect(second.answer?.run).toEqual(first.answer?.run);
    // From then on the second answer is the one that is repeated.
    expect(await once({ idempotency: { digest } })).toEqual({ replayed: true, answer: second.answer });
  });

  it("is free again when its call failed: change and answer are there together or not at all", async () => {
    const client = await database.connect();
    await client.query("begin");
    expect(await once({ by: client })).toMatchObject({ replayed: false });
    await client.query("rollback");
    expect(await statusesOf(database, scope)).toEqual([]);
    await expect(once({ request: { ...scope, staleness_days: "seven" } })).rejects.toMatchObject({ code: "22P02" });
    expect(await once()).toMatchObject({ replayed: false, answer: { decision: "enqueued" } });
    expect(await statusesOf(database, scope)).toEqual(["QUEUED"]);
  });

  it("keeps an answer for a user without the user's token or claims", async () => {
    await once({
      name: "record_metrics",
      request: { metrics: [{}] },
      context: { claims: { sub: randomUUID(), session_id: "claim-of-the-token" } },
    });
    const [row] = await database.query<{ row: string }>(
      "select used::text as row from leo.idempotency_keys used where key = $1",
      [key],
    );
    expect(row?.row).toContain("company_id is missing");
    expect(row?.row).not.toContain("claim-of-the-token");
  });
});

describe("two calls with one key at once", () => {
  let clients: [pg.Client, pg.Client];

  beforeAll(async () => {
    clients = [await database.connect(), await database.connect()];
  });

  /** Runs the first call, and the second while the first has not ended; the first then ends as told. */
  async function race(end: "commit" | "rollback", second: OnceCall = {}): Promise<[Once, Once]> {
    const [one, two] = clients;
    await one.query("begin");
    const first = await once({ by: one });
    const pid = await pidOf(two);
    const waiting = once({ by: two, ...second });
    await untilBlocked(database, pid);
    await one.query(end);
    return [first, await waiting];
  }

  it("have one answer: the second waits and repeats it", async () => {
    const [first, second] = await race("commit");
    expect(second).toEqual({ replayed: true, answer: first.answer });
    expect(await statusesOf(database, scope)).toEqual(["QUEUED"]);
  });

  it("have one effect: the second waits and acts where the first was undone", async () => {
    const [first, second] = await race("rollback");
    expect(second).toMatchObject({ replayed: false, answer: { decision: "enqueued" } });
    expect(second.answer?.run?.run_id).not.toBe(first.answer?.run?.run_id);
    expect(await statusesOf(database, scope)).toEqual(["QUEUED"]);
  });

  it("with different bodies: the second waits and is refused", async () => {
    const [, second] = await race("commit", { idempotency: { digest: "d2" } });
    expect(second).toEqual({ refusal: { code: "idempotency_mismatch" } });
  });
});

describe("what can be called once", () => {
  it.each(["override_status", "set_context", "roll_up_metrics", "request_telemetry_run(null, null) --", ""])(
    "is not %j",
    async (name) => {
      await expect(once({ name })).rejects.toThrow("leo.call_once does not call");
      expect(await database.query("select from leo.idempotency_keys where key = $1", [key])).toEqual([]);
    },
  );

  it("is every function of an event, and there is each of them", async () => {
    const callable = await database.query<{ name: string }>(
      `select proname as name from pg_proc
       where pronamespace = 'leo'::regnamespace
         and pg_get_function_identity_arguments(oid) ~ '^(\\w+ uuid, )?request jsonb, context jsonb$'
         -- telemetry-analyzer repeats its claims; what it does with a run that it has claimed is not repeated.
         and proname not in ('analyze_telemetry_run', 'abandon_telemetry_run')`,
    );
    const [row] = await database.query<{ source: string }>(
      "select prosrc as source from pg_proc where oid = 'leo.call_once(jsonb, text, uuid, jsonb, jsonb)'::regprocedure",
    );
    const listed = /v_callable[\s\S]*?array\[([\s\S]*?)\]/.exec(row?.source ?? "")?.[1]?.match(/\w+/g);
    expect(listed?.sort()).toEqual(callable.map(({ name }) => name).sort());
  });
});
