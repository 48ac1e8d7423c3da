import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stateMachines } from "../../types/state-machines.ts";
import { createDirective } from "../functions/support/directives.ts";
import { type Client, startDataApiOnly, type TestDataApi } from "../support/data-api.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { historyOf, machines, rows, setStatus } from "./machines.ts";

let api: TestDataApi;
let database: TestDatabase;

beforeAll(async () => {
  api = await startDataApiOnly();
  database = api.database;
});
afterAll(() => api.stop());

/** Runs statements in one transaction of a connection of its own. */
async function inTransaction(work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = await database.connect();
  await client.query("begin");
  await work(client);
  await client.query("commit");
}

const setContext = (client: pg.ClientBase, context: object) => client.query("select leo.set_context($1)", [context]);

describe("a new row is recorded", () => {
  it.each(machines.flatMap((machine) => stateMachines[machine].statuses.map((status) => ({ machine, status }))))(
    "$machine as $status",
    async ({ machine, status }) => {
      const key = await rows[machine].insert(database, status);
      const rule = stateMachines[machine].transitions.find(({ from, to }) => from === null && to === status);
      const [first, ...rest] = await historyOf(database, key);
      expect(rest).toEqual([]);
      expect(first).toMatchObject({
        machine,
        event: rule?.event ?? "insert",
        from_status: null,
        to_status: status,
        actor: "postgres",
      });
    },
  );

  it("also where it has no status", async () => {
    const key = await rows.okr_generation.insert(database, null);
    expect(await historyOf(database, key)).toMatchObject([{ event: "insert", from_status: null, to_status: null }]);
  });

  it("and the checkpoints of a session with it, all under its directive", async () => {
    const sdId = await createDirective(database);
    await database.query(
      "insert into public.exec_implementation_sessions (sd_id, implementation_type) values ($1, 'AUTHENTICATION')",
      [sdId],
    );
    const recorded = await database.query(
      `select machine, event, to_status, count(*)::integer from public.state_transitions where sd_id = $1
       group by 1, 2, 3 order by 1`,
      [sdId],
    );
    expect(recorded).toEqual([
      { machine: "exec_session", event: "start", to_status: "active", count: 1 },
      { machine: "quality_checkpoint", event: "insert", to_status: "incomplete", count: 3 },
    ]);
  });
});

describe("a move is recorded", () => {
  it("with actor, reason and request id where an event function says so", async () => {
    const key = await rows.exec_session.insert(database, "active");
    await inTransaction(async (client) => {
      await setContext(client, {
        actor: "secret:ci/agent-7",
        event: "fail",
        reason: "out of time",
        request_id: "req-9",
      });
      await client.query(setStatus("exec_session"), [key, "failed"]);
    });
    expect((await historyOf(database, key)).at(-1)).toEqual({
      machine: "exec_session",
      event: "fail",
      from_status: "active",
      to_status: "failed",
      actor: "secret:ci/agent-7",
      reason: "out of time",
      request_id: "req-9",
      sd_id: expect.stringMatching(/^SD-/),
    });
  });

  it("by the event that makes it, where the one that was said does not", async () => {
    const key = await rows.exec_session.insert(database, "active");
    await inTransaction(async (client) => {
      await setContext(client, { actor: "secret:ci", event: "cancel" });
      await client.query(setStatus("exec_session"), [key, "paused"]);
    });
    expect((await historyOf(database, key)).at(-1)).toMatchObject({ event: "pause", to_status: "paused" });
  });

  it("once for each row that an update moves", async () => {
    const keys = await Promise.all(
      ["QUEUED", "QUEUED", "RUNNING"].map((at) => rows.telemetry_run.insert(database, at)),
    );
    await database.query("update public.telemetry_analysis_runs set status = 'RUNNING' where run_id = any ($1)", [
      keys,
    ]);
    const events = await Promise.all(
      keys.map(async (key) => (await historyOf(database, key)).map(({ event }) => event)),
    );
    expect(events).toEqual([["request", "claim"], ["request", "claim"], ["insert"]]);
  });

  it("in the transaction that makes it, or not at all", async () => {
    const key = await rows.telemetry_run.insert(database, "QUEUED");
    const client = await database.connect();
    await client.query("begin");
    await client.query(setStatus("telemetry_run"), [key, "RUNNING"]);
    await client.query("rollback");
    expect(await historyOf(database, key)).toHaveLength(1);
  });

  it("as waive where a gate stops being required, and as require where it is again, whoever writes", async () => {
    const key = await rows.quality_checkpoint.insert(database, "incomplete");
    const require = (value: boolean | null) =>
      database.query("update public.exec_quality_checkpoints set is_required = $2 where id = $1", [key, value]);
    for (const value of [null, false, false, true]) await require(value);
    expect((await historyOf(database, key)).map(({ event }) => event)).toEqual(["insert", "waive", "require"]);
  });
});

describe("an update that leaves the status as it is", () => {
  it("is no move", async () => {
    const key = await rows.telemetry_run.insert(database, "RUNNING");
    await database.query(
      "update public.telemetry_analysis_runs set status = status, findings_count = 3 where run_id = $1",
      [key],
    );
    expect(await historyOf(database, key)).toHaveLength(1);
  });

  it("is one where an event says so that stays there", async () => {
    const [running, done] = [
      await rows.telemetry_run.insert(database, "RUNNING"),
      await rows.telemetry_run.insert(database, "SUCCEEDED"),
    ];
    await inTransaction(async (client) => {
      await setContext(client, { actor: "secret:worker", event: "heartbeat" });
      await client.query("update public.telemetry_analysis_runs set metadata = '{}' where run_id in ($1, $2)", [
        running,
        done,
      ]);
    });
    expect((await historyOf(database, running)).at(-1)).toMatchObject({
      event: "heartbeat",
      from_status: "RUNNING",
      to_status: "RUNNING",
      actor: "secret:worker",
    });
    expect(await historyOf(database, done)).toHaveLength(1);
  });
});

describe("the actor of a move", () => {
  it("is the user where the Data API runs as one", async () => {
    const key = await rows.telemetry_run.insert(database, "QUEUED");
    const userId = "0d000000-0000-4000-8000-000000000001";
    await inTransaction(async (client) => {
      // Neither grant nor policy lets a user write here today; who it was must not depend on that.
      await client.query("grant update on public.telemetry_analysis_runs to authenticated");
      await client.query(
        "create policy everybody on public.telemetry_analysis_runs for update to authenticated using (true)",
      );
      await client.query("select set_config('request.jwt.claims', $1, true)", [JSON.stringify({ sub: userId })]);
      await client.query("set local role authenticated");
      await client.query(setStatus("telemetry_run"), [key, "RUNNING"]);
      await client.query("reset role");
      await client.query("drop policy everybody on public.telemetry_analysis_runs");
      await client.query("revoke update on public.telemetry_analysis_runs from authenticated");
    });
    expect((await historyOf(database, key)).at(-1)).toMatchObject({ actor: `user:${userId}` });
  });

  it("is the role where SQL runs as one, whatever claims are set", async () => {
    const key = await rows.telemetry_run.insert(database, "QUEUED");
    await inTransaction(async (client) => {
      await client.query(
        `select set_config('request.jwt.claims', '{"sub":"0d000000-0000-4000-8000-000000000001","role":"service_role"}', true)`,
      );
      await client.query("set local role service_role");
      await client.query(setStatus("telemetry_run"), [key, "RUNNING"]);
    });
    expect((await historyOf(database, key)).at(-1)).toMatchObject({ actor: "service_role" });
  });
});

describe("the history", () => {
  const forged = {
    machine: "exec_session",
    entity_id: "0d000000-0000-4000-8000-000000000009",
    event: "complete",
    to_status: "completed",
    actor: "nobody",
  };
  const readable: [string, () => Promise<Client>, boolean][] = [
    ["anon", async () => api.client(), false],
    [
      "a signed-in user",
      async () => {
        await api.createUser({ email: "reader@example.test" });
        return api.signIn("reader@example.test");
      },
      true,
    ],
    ["service_role", async () => api.client(api.secretKey), true],
  ];

  it.each(readable)("is read, but never changed, through the Data API: %s", async (_who, signIn, reads) => {
    const key = await rows.telemetry_run.insert(database, "QUEUED");
    const before = await database.query("select * from public.state_transitions order by id");
    const client = await signIn();
    const { data } = await client.from("state_transitions").select("event").eq("entity_id", key);
    expect(data?.map(({ event }) => event) ?? []).toEqual(reads ? ["request"] : []);
    const attempts = [
      await client.from("state_transitions").insert(forged),
      await client.from("state_transitions").update({ actor: "nobody" }).eq("entity_id", key),
      await client.from("state_transitions").delete().eq("entity_id", key),
    ];
    for (const { error } of attempts) expect(error).toMatchObject({ code: "42501" });
    expect(await database.query("select * from public.state_transitions order by id")).toEqual(before);
  });

  describe.each(["anon", "authenticated", "service_role"])("and %s", (role) => {
    // Without the local Data API, which grants everything on every table when it first sees a policy.
    let untouched: TestDatabase;
    beforeAll(async () => {
      untouched = await createTestDatabase();
    });
    afterAll(() => untouched.drop());

    it("is granted no more than to read it", async () => {
      const privileges = await untouched.query<{ privilege: string }>(
        `select privilege from unnest(
           array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) as privilege
         where has_table_privilege($1, 'public.state_transitions', privilege)`,
        [role],
      );
      expect(privileges.map(({ privilege }) => privilege)).toEqual(role === "anon" ? [] : ["select"]);
      expect(
        await untouched.query(
          `select from unnest(array['usage', 'select', 'update']) as privilege
           where has_sequence_privilege($1, 'public.state_transitions_id_seq', privilege)`,
          [role],
        ),
      ).toEqual([]);
    });

    it.each([
      "insert into public.state_transitions (machine, entity_id, event, actor) values ('handoff', gen_random_uuid(), 'x', 'x')",
      "update public.state_transitions set actor = 'x'",
      "delete from public.state_transitions",
      "truncate public.state_transitions",
    ])("stays refused if all is granted again: %s", async (sql) => {
      await rows.telemetry_run.insert(untouched, "QUEUED");
      const client = await untouched.connect();
      await client.query("begin");
      await client.query(`grant all on public.state_transitions to ${role}`);
      await client.query(`grant all on sequence public.state_transitions_id_seq to ${role}`);
      await client.query(`set local role ${role}`);
      // Rolled back in any case: what is let through would hold its lock against every later test.
      await expect(client.query(sql).finally(() => client.query("rollback"))).rejects.toMatchObject({
        code: "42501",
        message: expect.stringContaining("the history is append-only"),
      });
    });
  });

  it("outlives what it is about", async () => {
    const key = await rows.telemetry_run.insert(database, "QUEUED");
    await database.query("delete from public.telemetry_analysis_runs where run_id = $1", [key]);
    expect(await historyOf(database, key)).toHaveLength(1);
  });
});
