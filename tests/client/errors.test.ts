import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ControlPlane, type ControlPlaneError, createControlPlane } from "../../types/client/index.ts";
import { problemMembers } from "../../types/contracts/problem-members.ts";
import { isProblemCode, type ProblemCode } from "../../types/contracts/problems.ts";
import { completeCheckpoints, createDirective } from "../functions/support/directives.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";
import { failedCall } from "./support/failed-call.ts";

let stack: TestStack;
let leo: ControlPlane;

beforeAll(async () => {
  stack = await startTestStack();
  leo = createControlPlane(stack.client(stack.secretKey));
});

afterAll(() => stack.stop());

async function started() {
  const sd_id = await createDirective(stack.database);
  return leo.sessions.start({ sd_id, implementation_type: "API_ENDPOINT" });
}

/** The error, whose problem has the members that its contract says. */
async function refused<C extends ProblemCode>(code: C, call: Promise<unknown>) {
  const error: ControlPlaneError = await failedCall(call);
  expect(error.code).toBe(code);
  if (!error.is(code) || !isProblemCode(error.code)) throw error;
  expect(problemMembers[code].safeParse(error.problem)).toMatchObject({ success: true });
  expect(error).toMatchObject({ attempts: 1, requestId: error.problem?.request_id, message: error.problem?.detail });
  expect(error.status).toBe(error.problem?.status);
  return error;
}

test("an event that is not possible says which are", async () => {
  const { session } = await started();
  const error = await refused("illegal_transition", leo.sessions.resume(session.id));
  expect(error.problem).toMatchObject({ current: "active", event: "resume" });
  expect(error.problem.allowed).toContain("pause");
});

test("a session with open gates says which", async () => {
  const { session, checkpoints } = await started();
  const error = await refused("gates_incomplete", leo.sessions.complete(session.id));
  expect(error.problem.checkpoints.map(({ id }) => id).sort()).toEqual(checkpoints.map(({ id }) => id).sort());
});

test("an agent of an earlier attempt is told the present one, with 412", async () => {
  const { session, attempt } = await started();
  await leo.sessions.fail(session.id, { reason: "thought dead", attempt });
  await leo.sessions.retry(session.id);
  const error = await refused("stale_attempt", leo.sessions.complete(session.id, { attempt }));
  expect(error.status).toBe(412);
  expect(error.problem.attempt).toBe(2);
});

test("a second session is told the first", async () => {
  const { session } = await started();
  const again = leo.sessions.start({ sd_id: session.sd_id, implementation_type: "API_ENDPOINT" });
  const error = await refused("session_exists", again);
  expect(error.problem).toMatchObject({ id: session.id, current: "active", use: null });
});

test("hand-offs: a second one is told the first, and the sender does not answer it", async () => {
  const { session } = await started();
  const prepared = { session_id: session.id, implementation_summary: "Built", deliverables_manifest: ["a.ts"] };
  const { handoff } = await leo.handoffs.prepare(prepared);
  const open = await refused("handoff_open", leo.handoffs.prepare(prepared));
  expect(open.problem).toMatchObject({ id: handoff.id, use: "ready" });

  await leo.handoffs.ready(handoff.id);
  const early = await refused("illegal_transition", leo.handoffs.send(handoff.id));
  expect(early.problem.session).toEqual({ id: session.id, status: "active" });

  await completeCheckpoints(stack.database, session.id, 90);
  await leo.sessions.complete(session.id);
  await leo.handoffs.send(handoff.id);
  const own = await refused("same_actor", leo.handoffs.accept(handoff.id));
  expect(own.problem.actor).toBe("secret:default");
});

test("a month with a generation says which", async () => {
  const { generation } = await leo.okrGenerations.start({ period: "2031-05" });
  const error = await refused("generation_exists", leo.okrGenerations.start({ period: "2031-05" }));
  expect(error.problem).toMatchObject({ id: generation.id, period: "2031-05" });
});

test("what is not there is named", async () => {
  const id = randomUUID();
  expect((await refused("not_found", leo.telemetry.heartbeat(id))).problem).toMatchObject({
    entity: "telemetry_run",
    id,
  });
});

test("an invalid request says where", async () => {
  const error = await refused("invalid_request", leo.telemetry.claim({ worker: " " }));
  expect(error.problem.issues).toEqual([{ path: ["worker"], message: "Must not be blank" }]);
});

test("a key that was used for something else is refused", async () => {
  const idempotencyKey = randomUUID();
  await leo.telemetry.sweep({}, { idempotencyKey });
  await refused("idempotency_mismatch", leo.telemetry.sweep({ limit: 5 }, { idempotencyKey }));
});

test("an error is of none but its own code", async () => {
  const error = await failedCall(leo.telemetry.heartbeat(randomUUID()));
  expect(error.is("not_found", "forbidden")).toBe(true);
  expect(error.is("forbidden", "no_answer")).toBe(false);
});
