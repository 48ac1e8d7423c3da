import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { execHandoffAnswer } from "../../types/contracts/exec-handoffs.ts";
import { execSessionAnswer } from "../../types/contracts/exec-sessions.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";
import { completeCheckpoints, createDirective } from "./support/directives.ts";
import { expectProblem } from "./support/problems.ts";

let stack: TestStack;

beforeAll(async () => {
  stack = await startTestStack();
});

afterAll(() => stack.stop());

const send = (method: string, key: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
  const type: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
  const all = { apikey: stack.secretKey, "idempotency-key": key, ...type, ...headers };
  return stack.call(path, { method, headers: all, body });
};

const post = (key: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  send("POST", key, path, body, headers);

const patch = (key: string, path: string, body: unknown) => send("PATCH", key, path, body);

const replayed = (response: Response) => response.headers.get("idempotency-replayed");

async function startBody() {
  return { sd_id: await createDirective(stack.database), implementation_type: "UI_COMPONENT" };
}

const sessionsOf = async (sd_id: string) =>
  (await stack.database.query("select from public.exec_implementation_sessions where sd_id = $1", [sd_id])).length;

async function startedSession(): Promise<string> {
  const response = await stack.call("exec-sessions", { body: await startBody() });
  return execSessionAnswer.parse(await response.json()).session.id;
}

const movesOf = async (id: string) => {
  const rows = await stack.database.query<{ event: string }>(
    "select event from public.state_transitions where entity_id = $1 order by id",
    [id],
  );
  return rows.map(({ event }) => event);
};

describe("the same request with the same key", () => {
  test("is answered as the first time, and marked so, without doing it again", async () => {
    const key = randomUUID();
    const body = await startBody();
    const first = await post(key, "exec-sessions", body);
    expect(first.status).toBe(201);
    expect(replayed(first)).toBeNull();
    const again = await post(key, "exec-sessions", body);
    expect(again.status).toBe(201);
    expect(replayed(again)).toBe("true");
    expect(await again.text()).toBe(await first.text());
    expect(again.headers.get("x-request-id")).not.toBe(first.headers.get("x-request-id"));
    expect(await sessionsOf(body.sd_id)).toBe(1);
  });

  test("may be written in another way, and by another agent of the same key", async () => {
    const key = randomUUID();
    const { sd_id, implementation_type } = await startBody();
    const first = await post(key, "exec-sessions", { sd_id, implementation_type }, { "x-leo-actor": "agent-1" });
    const again = await fetch(`${stack.url}/functions/v1/exec-sessions`, {
      method: "POST",
      headers: {
        apikey: stack.secretKey,
        "idempotency-key": key,
        "x-leo-actor": "agent-2",
        "content-type": "application/json",
      },
      body: `{ "implementation_type": "${implementation_type}",\n "sd_id": "${sd_id}" }`,
    });
    expect(replayed(again)).toBe("true");
    expect(await again.text()).toBe(await first.text());
  });

  test("is refused as the first time, also when it would succeed by now", async () => {
    const id = await startedSession();
    const key = randomUUID();
    const path = `exec-sessions/${id}/complete`;
    const { request_id: _first, ...refusal } = await expectProblem(await post(key, path), "gates_incomplete");
    await completeCheckpoints(stack.database, id, 90);
    const again = await post(key, path);
    expect(replayed(again)).toBe("true");
    expect(await expectProblem(again, "gates_incomplete")).toMatchObject(refusal);
    expect(await movesOf(id)).toEqual(["start"]);
    expect((await post(randomUUID(), path)).status).toBe(200);
  });

  test("at the same time waits for the first, and is done once", async () => {
    const key = randomUUID();
    const body = await startBody();
    const responses = await Promise.all(Array.from({ length: 12 }, () => post(key, "exec-sessions", body)));
    expect(responses.map(({ status }) => status)).toEqual(Array(12).fill(201));
    expect(responses.filter((response) => replayed(response) === null)).toHaveLength(1);
    expect(new Set(await Promise.all(responses.map((response) => response.text()))).size).toBe(1);
    expect(await sessionsOf(body.sd_id)).toBe(1);
  });

  test("after 24 hours is another request", async () => {
    const key = randomUUID();
    const id = await startedSession();
    expect((await post(key, `exec-sessions/${id}/pause`)).status).toBe(200);
    const age = (interval: string) =>
      stack.database.query(
        "update leo.idempotency_keys set created_at = now() - $2::interval where idempotency_keys.key = $1",
        [key, interval],
      );
    await age("23 hours 59 minutes");
    expect(replayed(await post(key, `exec-sessions/${id}/pause`))).toBe("true");
    await age("24 hours 1 minute");
    const again = await post(key, `exec-sessions/${id}/pause`);
    expect(replayed(again)).toBeNull();
    expect(await expectProblem(again, "illegal_transition")).toMatchObject({ current: "paused" });
  });
});

describe("an update that is sent again with its key", () => {
  test("does not take back what somebody else has written since, and is answered as the first time", async () => {
    const path = `exec-sessions/${await startedSession()}`;
    const key = randomUUID();
    const first = await patch(key, path, { implementation_progress: 10 });
    expect([first.status, replayed(first)]).toEqual([200, null]);
    const between = await patch(randomUUID(), path, { implementation_progress: 70 });
    expect([between.status, replayed(between)]).toEqual([200, null]);

    const again = await patch(key, path, { implementation_progress: 10 });
    expect([again.status, replayed(again)]).toEqual([200, "true"]);
    expect(await again.text()).toBe(await first.text());
    const rows = await stack.database.query(
      "select implementation_progress from public.exec_implementation_sessions where id = $1",
      [path.split("/")[1]],
    );
    expect(rows).toEqual([{ implementation_progress: 70 }]);
    await expectProblem(await patch(key, path, { implementation_progress: 20 }), "idempotency_mismatch");
  });

  test("of a hand-off is the same", async () => {
    const prepared = {
      session_id: await startedSession(),
      implementation_summary: "Built",
      deliverables_manifest: ["a"],
    };
    const { handoff } = execHandoffAnswer.parse(await (await post(randomUUID(), "exec-handoffs", prepared)).json());
    const path = `exec-handoffs/${handoff.id}`;
    const key = randomUUID();
    const notes = async (written: string, by: string) => {
      const response = await patch(by, path, { post_implementation_notes: written });
      return execHandoffAnswer.parse(await response.json()).handoff.post_implementation_notes;
    };
    expect(await notes("mine", key)).toBe("mine");
    expect(await notes("yours", randomUUID())).toBe("yours");
    expect(await notes("mine", key)).toBe("mine");
    const rows = await stack.database.query(
      "select post_implementation_notes from public.exec_handoff_preparations where id = $1",
      [handoff.id],
    );
    expect(rows).toEqual([{ post_implementation_notes: "yours" }]);
  });
});

describe("the same key", () => {
  test("with another body is refused, and nothing is done", async () => {
    const key = randomUUID();
    const [body, other] = [await startBody(), await startBody()];
    await post(key, "exec-sessions", body);
    const response = await post(key, "exec-sessions", other);
    expect(replayed(response)).toBeNull();
    await expectProblem(response, "idempotency_mismatch");
    expect(await sessionsOf(other.sd_id)).toBe(0);
  });

  test("with another event, or on another entity, is refused, and nothing is done", async () => {
    const key = randomUUID();
    const [id, other] = [await startedSession(), await startedSession()];
    expect((await post(key, `exec-sessions/${id}/pause`)).status).toBe(200);
    await expectProblem(await post(key, `exec-sessions/${id}/resume`), "idempotency_mismatch");
    await expectProblem(await post(key, `exec-sessions/${other}/pause`), "idempotency_mismatch");
    await expectProblem(await post(key, `quality-checkpoints/${id}/waive`, { reason: "-" }), "idempotency_mismatch");
    expect(await movesOf(id)).toEqual(["start", "pause"]);
    expect(await movesOf(other)).toEqual(["start"]);
  });

  test("is not used up by a request that could not be valid", async () => {
    const key = randomUUID();
    const body = await startBody();
    await expectProblem(await post(key, "exec-sessions", { ...body, unknown: 1 }), "invalid_request");
    const response = await post(key, "exec-sessions", body);
    expect([response.status, replayed(response)]).toEqual([201, null]);
  });
});

describe("a key", () => {
  test.each(["x", "a key of words", "~!@#$%^&*()", "k".repeat(255)])("may be %j", async (key) => {
    expect((await post(key, "exec-sessions", await startBody())).status).toBe(201);
  });

  test.each(["", "k".repeat(256), "sch\u00fcssel", "a\tb"])("may not be %j", async (key) => {
    const problem = await expectProblem(await post(key, "exec-sessions", await startBody()), "invalid_request");
    expect(problem.issues).toMatchObject([{ path: ["idempotency-key"] }]);
  });
});
