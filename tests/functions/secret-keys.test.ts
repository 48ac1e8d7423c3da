import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { execHandoffAnswer } from "../../types/contracts/exec-handoffs.ts";
import { execSessionAnswer } from "../../types/contracts/exec-sessions.ts";
import { type Api, answerOf, startApi } from "../machines/support/api.ts";
import { completeCheckpoints, createDirective } from "./support/directives.ts";

// Two secret keys are two callers, also where they give themselves the same label.

let api: Api;
let agentKey: string;

beforeAll(async () => {
  api = await startApi();
  agentKey = api.stack.secrets.secretKeys.agent as string;
});

afterAll(() => api.stack.stop());

async function startedSession() {
  const sd_id = await createDirective(api.stack.database);
  const body = { sd_id, implementation_type: "UI_COMPONENT" };
  return (await answerOf(execSessionAnswer, api.post("exec-sessions", body), 201)).session;
}

test("another key may accept what a key has sent, under the same label", async () => {
  const { id: session_id } = await startedSession();
  await completeCheckpoints(api.stack.database, session_id, 80);
  await answerOf(execSessionAnswer, api.post(`exec-sessions/${session_id}/complete`));
  const content = { implementation_summary: "What was built", deliverables_manifest: ["it"] };
  const { handoff } = await answerOf(execHandoffAnswer, api.post("exec-handoffs", { session_id, ...content }), 201);
  const label = "builder";
  for (const event of ["ready", "send"]) {
    await answerOf(execHandoffAnswer, api.post(`exec-handoffs/${handoff.id}/${event}`, undefined, { label }));
  }
  const accepted = await answerOf(
    execHandoffAnswer,
    api.post(`exec-handoffs/${handoff.id}/accept`, undefined, { key: agentKey, label }),
  );
  expect(accepted.handoff).toMatchObject({ handoff_status: "accepted" });
});

test("the same Idempotency-Key of another key is another one", async () => {
  const headers = { "idempotency-key": randomUUID() };
  const { id } = await startedSession();
  expect((await api.post(`exec-sessions/${id}/pause`, undefined, { headers })).status).toBe(200);
  const response = await api.post(`exec-sessions/${id}/resume`, undefined, { key: agentKey, headers });
  expect(response.status).toBe(200);
  expect(response.headers.get("idempotency-replayed")).toBeNull();
  const moves = await api.stack.database.query<{ event: string; actor: string }>(
    "select event, actor from public.state_transitions where entity_id = $1 order by id",
    [id],
  );
  expect(moves).toEqual([
    { event: "start", actor: "secret:default" },
    { event: "pause", actor: "secret:default" },
    { event: "resume", actor: "secret:agent" },
  ]);
});
