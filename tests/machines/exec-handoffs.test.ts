import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { execHandoffAnswer } from "../../types/contracts/exec-handoffs.ts";
import { createDirective } from "../functions/support/directives.ts";
import { expectProblem } from "../functions/support/problems.ts";
import { type Api, type As, answerOf, startApi } from "./support/api.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stack.stop());

async function session(status = "completed"): Promise<{ id: string; sd_id: string }> {
  const sd_id = await createDirective(api.stack.database);
  const [row] = await api.stack.database.query<{ id: string }>(
    `insert into public.exec_implementation_sessions (sd_id, implementation_type, status)
     values ($1, 'UI_COMPONENT', $2) returning id`,
    [sd_id, status],
  );
  return { id: row?.id ?? "", sd_id };
}

const content = { implementation_summary: "What was built", deliverables_manifest: ["it"] };

const prepare = async (session_id: string, fields: Record<string, unknown> = content) =>
  (await answerOf(execHandoffAnswer, api.post("exec-handoffs", { session_id, ...fields }), 201)).handoff;

const move = async (id: string, event: string, body?: Record<string, unknown>, as?: As) =>
  (await answerOf(execHandoffAnswer, api.post(`exec-handoffs/${id}/${event}`, body, as), 200)).handoff;

const builder = { label: "builder" };
const verifier = { label: "verifier" };

async function sent(as: As = builder): Promise<string> {
  const { id } = await prepare((await session()).id);
  await move(id, "ready", undefined, as);
  await move(id, "send", undefined, as);
  return id;
}

test("a hand-off belongs to its session's directive and keeps its content", async () => {
  const { id, sd_id } = await session("active");
  const fields = {
    implementation_summary: "What was built",
    quality_metrics: { coverage: 91.5 },
    test_results: { passed: 12 },
    performance_benchmarks: { p95_ms: 7 },
    security_validation: { scanned: true },
    accessibility_compliance: { wcag: "AA" },
    demo_url: "https://demo.example",
    documentation_url: "https://docs.example",
    test_report_url: "https://ci.example/1",
    deliverables_manifest: ["a page", "an endpoint"],
    known_issues: ["slow on Mondays"],
    post_implementation_notes: "None.",
  };
  const handoff = await prepare(id, fields);
  expect(handoff).toMatchObject({ ...fields, session_id: id, sd_id, handoff_status: "preparing", sent_at: null });
  expect(handoff).toEqual(await api.row("exec_handoff_preparations", handoff.id));
});

test("its content changes while it is prepared, and what is left out stays", async () => {
  const handoff = await prepare((await session()).id);
  const change = { known_issues: ["one"], deliverables_manifest: [] };
  const answer = await answerOf(execHandoffAnswer, api.patch(`exec-handoffs/${handoff.id}`, change));
  expect(answer.handoff).toEqual({ ...handoff, ...change, updated_at: answer.handoff.updated_at });
});

test.each(["ready", "sent", "accepted", "rejected"])("its content does not change once it is %s", async (state) => {
  const { id } = await prepare((await session()).id);
  await move(id, "ready");
  if (state !== "ready") await move(id, "send", undefined, builder);
  if (state === "accepted") await move(id, "accept", undefined, verifier);
  if (state === "rejected") await move(id, "reject", { reason: "no" }, verifier);
  const before = await api.row("exec_handoff_preparations", id);
  const problem = await expectProblem(
    await api.patch(`exec-handoffs/${id}`, { demo_url: "https://other.example" }),
    "illegal_transition",
  );
  expect(problem).toMatchObject({ current: state, event: "update" });
  expect(await api.row("exec_handoff_preparations", id)).toEqual(before);
});

describe("ready", () => {
  test.each([
    ["a blank summary", { ...content, implementation_summary: " \n" }, ["implementation_summary"]],
    ["no deliverable", { ...content, deliverables_manifest: [] }, ["deliverables_manifest"]],
    ["no list of deliverables", { implementation_summary: "What was built" }, ["deliverables_manifest"]],
    ["neither", { implementation_summary: "" }, ["implementation_summary", "deliverables_manifest"]],
  ])("is refused for %s, by its name", async (_what, fields, paths) => {
    const handoff = await prepare((await session()).id, fields);
    const problem = await expectProblem(await api.post(`exec-handoffs/${handoff.id}/ready`), "invalid_request");
    expect(problem.issues?.map((issue) => issue.path)).toEqual(paths.map((path) => [path]));
    expect(await api.row("exec_handoff_preparations", handoff.id)).toEqual(handoff);
  });
});

describe("send", () => {
  test.each(["active", "paused", "failed", "cancelled"])("is refused while the session is %s", async (status) => {
    const { id: sessionId } = await session(status);
    const { id } = await prepare(sessionId);
    const ready = await move(id, "ready");
    const problem = await expectProblem(await api.post(`exec-handoffs/${id}/send`), "illegal_transition");
    expect(problem).toMatchObject({ current: "ready", event: "send", session: { id: sessionId, status } });
    expect(problem.detail).toContain(status);
    expect(await api.row("exec_handoff_preparations", id)).toEqual(ready);
  });
});

describe("times", () => {
  test("sent_at and response_at are those of the send and the answer, and revise clears both", async () => {
    const { id } = await prepare((await session()).id);
    expect(await move(id, "ready")).toMatchObject({ sent_at: null, response_at: null });
    const sentOff = await move(id, "send", undefined, builder);
    expect(sentOff).toMatchObject({ sent_at: sentOff.updated_at, response_at: null });
    const rejected = await move(id, "reject", { reason: "no tests" }, verifier);
    expect(rejected).toMatchObject({ sent_at: sentOff.sent_at, response_at: rejected.updated_at });
    expect(await move(id, "revise")).toMatchObject({
      handoff_status: "preparing",
      sent_at: null,
      response_at: null,
    });
  });

  test("an accepted hand-off keeps when it was sent and answered", async () => {
    const id = await sent();
    const accepted = await move(id, "accept", undefined, verifier);
    expect(accepted.response_at).toBe(accepted.updated_at);
    expect(accepted.sent_at).not.toBeNull();
  });
});

test("a rejected hand-off is not taken up again beside another one, at whatever stage that is", async () => {
  const rejected = await sent();
  const { session_id } = await move(rejected, "reject", { reason: "no" }, verifier);
  const next = await prepare(session_id);
  const refused = async (current: string) => {
    const problem = await expectProblem(await api.post(`exec-handoffs/${rejected}/revise`), "handoff_open");
    expect(problem).toMatchObject({ id: next.id, current });
    expect(await api.row("exec_handoff_preparations", rejected)).toMatchObject({ handoff_status: "rejected" });
  };
  await refused("preparing");
  await move(next.id, "ready", undefined, builder);
  await move(next.id, "send", undefined, builder);
  await refused("sent");
  await move(next.id, "accept", undefined, verifier);
  await refused("accepted");
});

test("revise and prepare at once leave a session with one open hand-off", async () => {
  for (let round = 0; round < 10; round += 1) {
    const rejected = await sent();
    const { session_id } = await move(rejected, "reject", { reason: "no" }, verifier);
    const answers = await Promise.all([
      api.post(`exec-handoffs/${rejected}/revise`),
      api.post("exec-handoffs", { session_id, ...content }),
    ]);
    expect(answers.map(({ status }) => status).filter((status) => status === 409)).toHaveLength(1);
    const open = await api.stack.database.query(
      "select from public.exec_handoff_preparations where session_id = $1 and handoff_status <> 'rejected'",
      [session_id],
    );
    expect(open).toHaveLength(1);
  }
});

test.each([
  ["ready", {}],
  ["revise", {}],
  ["send", {}],
  ["accept", {}],
  ["reject", { reason: "no" }],
])("%s is fenced off once another attempt of the session has begun, and so is PATCH", async (event, body) => {
  const { id } = await prepare((await session()).id);
  const before = await api.row("exec_handoff_preparations", id);
  const stale = { ...body, attempt: 7 };
  expect(await expectProblem(await api.post(`exec-handoffs/${id}/${event}`, stale), "stale_attempt")).toMatchObject({
    attempt: 1,
  });
  const patched = await api.stack.call(`exec-handoffs/${id}`, { method: "PATCH", body: { attempt: 7 } });
  await expectProblem(patched, "stale_attempt");
  expect(await api.row("exec_handoff_preparations", id)).toEqual(before);
  expect((await api.post(`exec-handoffs/${id}/ready`, { attempt: 1 })).status).toBe(200);
});

describe("who sent a hand-off", () => {
  test.each([
    ["accept", {}],
    ["reject", { reason: "no" }],
  ])("may not %s it", async (event, body) => {
    const id = await sent();
    const before = await api.row("exec_handoff_preparations", id);
    const problem = await expectProblem(await api.post(`exec-handoffs/${id}/${event}`, body, builder), "same_actor");
    expect(problem.detail).toContain("secret:default/builder");
    expect(await api.row("exec_handoff_preparations", id)).toEqual(before);
  });

  test("may not answer it under the plain key either, where it was sent so", async () => {
    const id = await sent({});
    await expectProblem(await api.post(`exec-handoffs/${id}/accept`), "same_actor");
  });

  test("is not another agent of the same key, who may", async () => {
    expect(await move(await sent(), "accept", undefined, verifier)).toMatchObject({ handoff_status: "accepted" });
  });

  test("is a user, and neither the same user nor one without a role may answer, but another operator", async () => {
    const { stack } = api;
    /** Signed in anew, with what the role is by then. */
    const asUser = async (name: string): Promise<As> => {
      const client = await stack.signIn(`${name}@handoffs.example`);
      const { data } = await client.auth.getSession();
      return {
        key: stack.publishableKey,
        headers: { authorization: `Bearer ${data.session?.access_token}` },
      };
    };
    const user = (name: string, role: string) =>
      stack.createUser({ email: `${name}@handoffs.example`, appMetadata: { leo_role: role } });
    const setRole = (id: string, role: string) =>
      stack.database.query("update auth.users set raw_app_meta_data = $2 where id = $1", [id, { leo_role: role }]);

    const [sender, other] = [await user("sender", "operator"), await user("other", "viewer")];
    const id = await sent(await asUser("sender"));
    const accept = async (as: As) => api.post(`exec-handoffs/${id}/accept`, undefined, as);
    await setRole(sender, "chairman");
    const problem = await expectProblem(await accept(await asUser("sender")), "same_actor");
    expect(problem.detail).toContain(`user:${sender}`);
    await expectProblem(await accept(await asUser("other")), "forbidden");
    await setRole(other, "chairman");
    expect((await accept(await asUser("other"))).status).toBe(200);
  });

  test("is whoever sent it last", async () => {
    const id = await sent();
    await move(id, "reject", { reason: "no" }, verifier);
    await move(id, "revise", undefined, builder);
    await move(id, "ready", undefined, builder);
    await move(id, "send", undefined, verifier);
    await expectProblem(await api.post(`exec-handoffs/${id}/accept`, {}, verifier), "same_actor");
    expect(await move(id, "accept", undefined, builder)).toMatchObject({ handoff_status: "accepted" });
  });
});
