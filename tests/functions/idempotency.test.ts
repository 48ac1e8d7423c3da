import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { execSessionAnswer } from "../../types/contracts/exec-sessions.ts";
import { untilBlocked } from "../transitions/events.ts";
import { completeCheckpoints, createDirective } from "./support/directives.ts";
import { type FunctionsUnderTest, startFunctions } from "./support/functions.ts";
import { expectProblem } from "./support/problems.ts";

let functions: FunctionsUnderTest;

beforeAll(async () => {
  functions = await startFunctions();
});

afterAll(() => functions.stop());

const post = (key: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  functions.call(path, { headers: { apikey: functions.secretKey, "idempotency-key": key, ...headers }, body });

const replayed = (response: Response) => response.headers.get("idempotency-replayed");

async function startBody() {
  return { sd_id: await createDirective(functions.database), implementation_type: "UI_COMPONENT" };
}

const sessionsOf = async (sd_id: string) =>
  (await functions.database.query("select from public.exec_implementation_sessions where sd_id = $1", [sd_id])).length;

async function startedSession(): Promise<string> {
  const response = await functions.call("exec-sessions", { body: await startBody() });
  return execSessionAnswer.parse(await response.json()).session.id;
}

const movesOf = async (id: string) => {
  const rows = await functions.database.query<{ event: string }>(
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
    await vi.waitFor(() => {
      const line = functions.log.find((entry) => entry.includes(again.headers.get("x-request-id") ?? ""));
      expect(JSON.parse(line ?? "{}")).toMatchObject({ event: "start", replayed: true, status: 201 });
    });
  });

  test("may be written in another way, and by another agent of the same key", async () => {
    const key = randomUUID();
    const { sd_id, implementation_type } = await startBody();
    const first = await post(key, "exec-sessions", { sd_id, implementation_type }, { "x-leo-actor": "agent-1" });
    const again = await fetch(`${functions.url}/exec-sessions`, {
      method: "POST",
      headers: {
        apikey: functions.secretKey,
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
    await completeCheckpoints(functions.database, id, 90);
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
      functions.database.query(
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

  test("of another caller is another key", async () => {
    const key = randomUUID();
    const id = await startedSession();
    expect((await post(key, `exec-sessions/${id}/pause`)).status).toBe(200);
    const response = await post(key, `exec-sessions/${id}/resume`, undefined, { apikey: functions.agentKey });
    expect(response.status).toBe(200);
    expect(replayed(response)).toBeNull();
    expect(await movesOf(id)).toEqual(["start", "pause", "resume"]);
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

  test("says nothing to a PATCH, which can be repeated as it is", async () => {
    const id = await startedSession();
    const key = randomUUID();
    for (const implementation_progress of [10, 20]) {
      const response = await functions.call(`exec-sessions/${id}`, {
        method: "PATCH",
        headers: { apikey: functions.secretKey, "idempotency-key": key },
        body: { implementation_progress },
      });
      expect([response.status, replayed(response)]).toEqual([200, null]);
    }
  });
});

describe("change and answer are one transaction", () => {
  test("where the answer cannot be kept, there is no change; the request can be repeated", async () => {
    const key = randomUUID();
    const body = await startBody();
    await functions.database.query(
      `create function public.forget() returns trigger language plpgsql as $$
       begin raise exception 'no answer is kept'; end $$`,
    );
    await functions.database.query(
      `create trigger forget before update on leo.idempotency_keys
       for each row execute function public.forget()`,
    );
    await expectProblem(await post(key, "exec-sessions", body), "internal");
    await functions.database.query("drop function public.forget cascade");
    expect(await sessionsOf(body.sd_id)).toBe(0);
    const response = await post(key, "exec-sessions", body);
    expect([response.status, replayed(response)]).toEqual([201, null]);
  });

  /** A start that has reached the database and waits there for a directive that somebody else has locked. */
  async function waitingStart(key: string) {
    const body = await startBody();
    const locker = await functions.database.connect();
    await locker.query("begin");
    await locker.query("select from public.strategic_directives_v2 where id = $1 for update", [body.sd_id]);
    const response = post(key, "exec-sessions", body);
    const pid = await pidOfCall();
    await untilBlocked(functions.database, pid);
    return { body, response, pid, release: () => locker.query("rollback") };
  }

  async function pidOfCall(): Promise<number> {
    const giveUpAt = performance.now() + 10_000;
    while (performance.now() < giveUpAt) {
      const [row] = await functions.database.query<{ pid: number }>(
        `select pid from pg_stat_activity
         where datname = current_database() and state = 'active' and query like 'select leo.call_once%'`,
      );
      if (row) return row.pid;
    }
    throw new Error("the call has not reached the database");
  }

  test("when the connection breaks after the change, the repetition gets the answer that was lost", async () => {
    const key = randomUUID();
    const { body, response, release } = await waitingStart(key);
    // The answer will be on its way, and never arrive.
    functions.proxy.freeze();
    await release();
    const giveUpAt = performance.now() + 10_000;
    while ((await sessionsOf(body.sd_id)) === 0 && performance.now() < giveUpAt);
    functions.proxy.cutConnections();
    functions.proxy.thaw();
    await expectProblem(await response, "database_unavailable");
    const again = await post(key, "exec-sessions", body);
    expect([again.status, replayed(again)]).toEqual([201, "true"]);
    expect(execSessionAnswer.parse(await again.json()).session.sd_id).toBe(body.sd_id);
    expect(await sessionsOf(body.sd_id)).toBe(1);
  });

  test("when the database ends the call before the change, the repetition makes it", async () => {
    const key = randomUUID();
    const { body, response, pid, release } = await waitingStart(key);
    await functions.database.query("select pg_terminate_backend($1)", [pid]);
    await expectProblem(await response, "database_unavailable");
    await release();
    expect(await sessionsOf(body.sd_id)).toBe(0);
    const again = await post(key, "exec-sessions", body);
    expect([again.status, replayed(again)]).toEqual([201, null]);
  });
});
