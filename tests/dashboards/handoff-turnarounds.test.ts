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

/** A hand-off of a completed session that was sent by `sender`. */
async function sent(sender = caller.actor) {
  const { id: sessionId, sdId } = await events.start(["audit"]);
  await events.checkpoint("complete", sessionId, "audit", { score: 70 });
  await events.session("complete", sessionId);
  const { id } = await events.prepare(sessionId);
  await events.handoff("ready", id);
  await events.handoff("send", id, sender);
  return { id, sessionId, sdId };
}

const turnaroundOf = async (id: string) => {
  const { data, error } = await client.from("handoff_turnarounds").select().eq("handoff_id", id).single();
  expect(error).toBeNull();
  return data;
};

test("tells how long a sent hand-off has been waiting, and who sent it", async () => {
  const { id, sessionId, sdId } = await sent("secret:builder/one");
  await api.database.query(
    "update public.exec_handoff_preparations set sent_at = now() - interval '30 minutes' where id = $1",
    [id],
  );
  const found = await turnaroundOf(id);
  expect(found).toMatchObject({
    session_id: sessionId,
    sd_id: sdId,
    sd_title: "A directive",
    handoff_status: "sent",
    response_at: null,
    turnaround_seconds: null,
    sent_by: "secret:builder/one",
    answered_by: null,
    rejection_count: 0,
    last_rejection_reason: null,
  });
  expect(found?.waiting_seconds).toBeGreaterThanOrEqual(1800);
  expect(found?.waiting_seconds).toBeLessThan(2100);
});

test("tells how long the answer took, and who gave it", async () => {
  const { id } = await sent();
  await events.handoff("accept", id, "secret:verifier");
  await api.database.query(
    `update public.exec_handoff_preparations
     set sent_at = '2026-03-01 10:00Z', response_at = '2026-03-01 10:45Z' where id = $1`,
    [id],
  );
  expect(await turnaroundOf(id)).toMatchObject({
    handoff_status: "accepted",
    turnaround_seconds: 2700,
    waiting_seconds: null,
    sent_by: caller.actor,
    answered_by: "secret:verifier",
    rejection_count: 0,
  });
});

test("remembers rejections through revisions, and only the present sending and answer", async () => {
  const { id } = await sent("secret:builder/one");
  await events.handoff("reject", id, "secret:verifier", { reason: "no runbook" });
  expect(await turnaroundOf(id)).toMatchObject({ answered_by: "secret:verifier", rejection_count: 1 });

  await events.handoff("revise", id);
  expect(await turnaroundOf(id)).toMatchObject({
    handoff_status: "preparing",
    sent_at: null,
    sent_by: null,
    answered_by: null,
    turnaround_seconds: null,
    waiting_seconds: null,
    rejection_count: 1,
    last_rejection_reason: "no runbook",
  });

  await events.handoff("ready", id);
  await events.handoff("send", id, "secret:builder/two");
  expect(await turnaroundOf(id)).toMatchObject({ sent_by: "secret:builder/two", answered_by: null });

  await events.handoff("reject", id, "secret:auditor", { reason: "the runbook is empty" });
  expect(await turnaroundOf(id)).toMatchObject({
    sent_by: "secret:builder/two",
    answered_by: "secret:auditor",
    rejection_count: 2,
    last_rejection_reason: "the runbook is empty",
  });
});

test("has the hand-offs that wait, the longest first, by an ordinary query", async () => {
  const waiting = [await sent(), await sent()];
  await api.database.query("update public.exec_handoff_preparations set sent_at = '2026-01-01' where id = $1", [
    waiting[1]?.id,
  ]);
  const { data } = await client
    .from("handoff_turnarounds")
    .select("handoff_id")
    .eq("handoff_status", "sent")
    .in(
      "handoff_id",
      waiting.map(({ id }) => id),
    )
    .order("sent_at");
  expect(data?.map(({ handoff_id }) => handoff_id)).toEqual([waiting[1]?.id, waiting[0]?.id]);
});
