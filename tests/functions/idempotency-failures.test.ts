import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { execSessionAnswer } from "../../types/contracts/exec-sessions.ts";
import { untilBlocked } from "../transitions/events.ts";
import { createDirective } from "./support/directives.ts";
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

test("an answer that is given again is marked so in the log", async () => {
  const key = randomUUID();
  const body = await startBody();
  await post(key, "exec-sessions", body);
  const again = await post(key, "exec-sessions", body);
  await vi.waitFor(() => {
    const line = functions.log.find((entry) => entry.includes(again.headers.get("x-request-id") ?? ""));
    expect(JSON.parse(line ?? "{}")).toMatchObject({ event: "start", replayed: true, status: 201 });
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
