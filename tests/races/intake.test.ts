import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { callEvent, caller, type Row } from "../transitions/call-event.ts";
import { newScope, statusesOf } from "../transitions/telemetry-runs.ts";
import { type Contestants, gather, rounds, tally } from "./gate.ts";

let database: TestDatabase;
let contestants: Contestants;

beforeAll(async () => {
  database = await createTestDatabase();
  contestants = await gather(database, 20);
});
afterAll(() => database.drop());

it("the same metrics sent by several at once, in any order, are taken once each, without a deadlock", async () => {
  for (const _ of rounds(5)) {
    const metrics = Array.from({ length: 100 }, () => ({ metric_id: randomUUID(), action_count: 1 }));
    const answers = await contestants.race(
      "public.orchestration_metrics",
      (each, number) => {
        const order = number % 2 ? metrics : metrics.toReversed();
        return callEvent(each, "record_metrics", { request: { metrics: order } });
      },
      8,
    );
    const total = (member: string) => answers.reduce((sum, answer) => sum + Number(answer[member]), 0);
    expect([total("accepted"), total("duplicates"), total("rejected")]).toEqual([100, 700, 0]);
    const ids = metrics.map(({ metric_id }) => metric_id);
    expect(
      await database.query("select from public.orchestration_metrics where metric_id = any ($1)", [ids]),
    ).toHaveLength(100);
  }
});

it("20 calls at once with one idempotency key have one effect and one answer", async () => {
  for (const _ of rounds(5)) {
    const scope = newScope();
    const idempotency = { key: randomUUID(), caller: "secret:test", route: "telemetry-runs POST /", digest: "d" };
    const answers = await contestants.race("leo.idempotency_keys", async (each) => {
      const { rows } = await each.query<{ once: { answer: Row; replayed: boolean } }>(
        "select leo.call_once($1, 'request_telemetry_run', null, $2, $3) as once",
        [idempotency, scope, caller],
      );
      return rows[0]?.once;
    });
    expect(tally(answers.map((answer) => answer?.replayed))).toEqual({ false: 1, true: 19 });
    expect(new Set(answers.map((answer) => JSON.stringify(answer?.answer))).size).toBe(1);
    expect(answers[0]?.answer).toMatchObject({ decision: "enqueued" });
    expect(await statusesOf(database, scope)).toEqual(["QUEUED"]);
  }
});
