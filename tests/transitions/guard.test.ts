import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stateMachines } from "../../types/state-machines.ts";
import { completeCheckpoints } from "../functions/support/directives.ts";
import { type Client, startDataApiOnly, type TestDataApi } from "../support/data-api.ts";
import type { TestDatabase } from "../support/database.ts";
import { startedSession } from "./events.ts";
import { historyOf, machines, rows, setStatus, statusOf } from "./machines.ts";

let api: TestDataApi;
let database: TestDatabase;
let service: Client;

beforeAll(async () => {
  api = await startDataApiOnly();
  database = api.database;
  service = api.client(api.secretKey);
});
afterAll(() => api.stop());

describe("the transition table", () => {
  // No check names the two statuses of a checkpoint: is_complete is true or not.
  it.each(machines.filter((machine) => machine !== "quality_checkpoint"))(
    "has the statuses that the table of %s takes, and no others",
    async (machine) => {
      const column = rows[machine].status.replace("r.", "");
      const [check] = await database.query<{ definition: string }>(
        `select pg_get_constraintdef(oid) as definition from pg_constraint
         where conrelid = $1::regclass and conname = $2`,
        [`public.${rows[machine].table}`, `${rows[machine].table}_${column}_check`],
      );
      const taken = [...(check?.definition ?? "").matchAll(/'(\w+)'::text/g)].map(([, status]) => status);
      expect(taken.sort()).toEqual(stateMachines[machine].statuses);
    },
  );

  it.each(machines)("leads to every status of %s", async (machine) => {
    const { transitions, statuses } = stateMachines[machine];
    const column = machine === "quality_checkpoint" ? "is_complete" : rows[machine].status.replace("r.", "");
    const [initial] = await database.query<{ status: string }>(
      `select coalesce(substring(column_default from '''(\\w+)'''), 'incomplete') as status
       from information_schema.columns where table_schema = 'public' and table_name = $1 and column_name = $2`,
      [rows[machine].table, column],
    );
    const reached = new Set<string | null>([
      null,
      ...(machine === "quality_checkpoint" ? [initial?.status ?? ""] : []),
    ]);
    for (const _ of statuses) {
      for (const { from, to } of transitions) if (reached.has(from)) reached.add(to);
    }
    expect([...reached].filter((status) => status !== null).sort()).toEqual(statuses);
  });

  it("is the one that the generated types were made from", async () => {
    const live = await database.query(
      `select machine, event, from_status as "from", to_status as "to" from leo.state_transitions_allowed
       order by machine collate "C", event collate "C", from_status collate "C" nulls first`,
    );
    const generated = machines.flatMap((machine) =>
      stateMachines[machine].transitions.map((transition) => ({ machine, ...transition })),
    );
    expect(live).toEqual(generated);
  });
});

describe.each(machines)("a plain update of %s", (machine) => {
  const { statuses, transitions } = stateMachines[machine];
  const pairs = statuses.flatMap((from) => statuses.filter((to) => to !== from).map((to) => ({ from, to })));
  const moves = pairs.map((pair) => ({
    ...pair,
    event: transitions.find(({ from, to }) => from === pair.from && to === pair.to)?.event,
  }));

  it.each(moves.filter(({ event }) => event !== undefined))(
    "moves it from $from to $to",
    async ({ from, to, event }) => {
      const key = await rows[machine].insert(database, from);
      const bystander = await rows[machine].insert(database, from);
      await database.query(setStatus(machine), [key, to]);
      expect(await statusOf(database, machine, key)).toBe(to);
      expect((await historyOf(database, key)).at(-1)).toMatchObject({
        machine,
        event,
        from_status: from,
        to_status: to,
      });
      expect(await statusOf(database, machine, bystander)).toBe(from);
      expect(await historyOf(database, bystander)).toHaveLength(1);
    },
  );

  it.each(moves.filter(({ event }) => event === undefined))("is refused from $from to $to", async ({ from, to }) => {
    const key = await rows[machine].insert(database, from);
    const allowed = transitions
      .filter((transition) => transition.from === from)
      .map((transition) => `${transition.event} → ${transition.to}`);
    await expect(database.query(setStatus(machine), [key, to])).rejects.toMatchObject({
      code: "PT409",
      message: `${machine} ${key} is ${from} and cannot become ${to}`,
      detail: allowed.length ? `Allowed from ${from}: ${allowed.join(", ")}.` : "Nothing leads out of this status.",
      hint: expect.stringContaining("leo.override_status"),
    });
    expect(await statusOf(database, machine, key)).toBe(from);
    expect(await historyOf(database, key)).toHaveLength(1);
  });

  it("does not change its key", async () => {
    const key = await rows[machine].insert(database, statuses[0]);
    for (const column of new Set(["id", rows[machine].key])) {
      await expect(
        database.query(
          `update public.${rows[machine].table} set ${column} = gen_random_uuid() where ${rows[machine].key} = $1`,
          [key],
        ),
      ).rejects.toMatchObject({ code: "PT409" });
    }
  });
});

describe("the guard refuses an illegal move", () => {
  const insertRuns = async (...statuses: string[]) => {
    const keys: string[] = [];
    for (const status of statuses) keys.push(await rows.telemetry_run.insert(database, status));
    return keys as [string, ...string[]];
  };

  it.each(["service_role", "postgres"])("by %s", async (role) => {
    const [key] = await insertRuns("CANCELLED");
    const client = await database.connect();
    await client.query("begin");
    await client.query(`set local role ${role}`);
    await client.query(`select set_config('request.jwt.claims', '{"role":"${role}"}', true)`);
    await expect(client.query(setStatus("telemetry_run"), [key, "SUCCEEDED"])).rejects.toMatchObject({ code: "PT409" });
    await client.query("rollback");
  });

  it("among legal ones, and then makes none of them", async () => {
    const keys = await insertRuns("RUNNING", "TIMED_OUT", "RUNNING");
    await expect(
      database.query("update public.telemetry_analysis_runs set status = 'SUCCEEDED' where run_id = any ($1)", [keys]),
    ).rejects.toMatchObject({
      code: "PT409",
      message: `telemetry_run ${keys[1]} is TIMED_OUT and cannot become SUCCEEDED`,
    });
    expect(await Promise.all(keys.map((key) => statusOf(database, "telemetry_run", key)))).toEqual([
      "RUNNING",
      "TIMED_OUT",
      "RUNNING",
    ]);
  });

  it.each([
    [
      "of an upsert",
      `insert into public.telemetry_analysis_runs (run_id, status) values ($1, 'SUCCEEDED')
       on conflict (run_id) do update set status = excluded.status`,
    ],
    [
      "of a merge",
      `merge into public.telemetry_analysis_runs run using (select $1::uuid as run_id) as given
       on run.run_id = given.run_id when matched then update set status = 'SUCCEEDED'`,
    ],
  ])("%s", async (_title, sql) => {
    const [key] = await insertRuns("CANCELLED");
    await expect(database.query(sql, [key])).rejects.toMatchObject({ code: "PT409" });
    expect(await statusOf(database, "telemetry_run", key)).toBe("CANCELLED");
  });

  it("into and out of a generation without a status", async () => {
    const key = await rows.okr_generation.insert(database, null);
    await expect(database.query(setStatus("okr_generation"), [key, "running"])).rejects.toMatchObject({
      code: "PT409",
      message: `okr_generation ${key} is without a status and cannot become running`,
    });
    const other = await rows.okr_generation.insert(database, "running");
    await expect(database.query(setStatus("okr_generation"), [other, null])).rejects.toMatchObject({ code: "PT409" });
  });
});

describe("a service_role supabase-js client", () => {
  it("takes a run from QUEUED over RUNNING to SUCCEEDED by plain table updates", async () => {
    const key = crypto.randomUUID();
    const inserted = await service.from("telemetry_analysis_runs").insert({ run_id: key, scope_id: key });
    expect(inserted.error).toBeNull();
    const changes = [
      { status: "RUNNING", started_at: new Date().toISOString() },
      {
        status: "SUCCEEDED",
        finished_at: new Date().toISOString(),
        duration_ms: 1234,
        findings_count: 1,
        top_bottleneck_category: "stage",
        output_ref: { rows_scanned: 10, dimensions_evaluated: 2, bottlenecks: [] },
      },
    ];
    for (const change of changes) {
      const { data, error } = await service
        .from("telemetry_analysis_runs")
        .update(change)
        .eq("run_id", key)
        .select("status, findings_count")
        .single();
      expect(error).toBeNull();
      expect(data?.status).toBe(change.status);
    }
    expect(await historyOf(database, key)).toEqual(
      [
        ["request", null, "QUEUED"],
        ["claim", "QUEUED", "RUNNING"],
        ["succeed", "RUNNING", "SUCCEEDED"],
      ].map(([event, from_status, to_status]) => ({
        machine: "telemetry_run",
        event,
        from_status,
        to_status,
        actor: "service_role",
        reason: null,
        request_id: null,
        sd_id: null,
      })),
    );
  });

  it("is told 409 with the current status when it sets SUCCEEDED on a cancelled run, which stays as it is", async () => {
    const key = await rows.telemetry_run.insert(database, "CANCELLED");
    const before = await database.query("select * from public.telemetry_analysis_runs where run_id = $1", [key]);
    const { status, error } = await service
      .from("telemetry_analysis_runs")
      .update({ status: "SUCCEEDED", finished_at: new Date().toISOString() })
      .eq("run_id", key)
      .select();
    expect(status).toBe(409);
    expect(error).toMatchObject({
      message: `telemetry_run ${key} is CANCELLED and cannot become SUCCEEDED`,
      details: "Nothing leads out of this status.",
      hint: expect.stringMatching(/^Begin anew with a new row\./),
    });
    expect(await database.query("select * from public.telemetry_analysis_runs where run_id = $1", [key])).toEqual(
      before,
    );
    expect(await historyOf(database, key)).toHaveLength(1);
  });

  it("upserts a run that it read, key and all", async () => {
    const key = await rows.telemetry_run.insert(database, "QUEUED");
    const { data: run } = await service.from("telemetry_analysis_runs").select().eq("run_id", key).single();
    if (!run) throw new Error("the run cannot be read");
    const { error } = await service.from("telemetry_analysis_runs").upsert({ ...run, status: "RUNNING" });
    expect(error).toBeNull();
    expect(await statusOf(database, "telemetry_run", key)).toBe("RUNNING");
  });
});

describe("a session with incomplete required checkpoints", () => {
  const reopen = `update public.exec_quality_checkpoints set is_complete = false
    where session_id = $1 and checkpoint_name = 'TESTING'`;

  it("is not completed by a plain update, which is told their names", async () => {
    const { id } = await startedSession(database, { implementation_type: "AUTHENTICATION" });
    await database.query(
      "update public.exec_quality_checkpoints set is_required = false where session_id = $1 and checkpoint_name = 'TESTING'",
      [id],
    );
    await expect(database.query(setStatus("exec_session"), [id, "completed"])).rejects.toMatchObject({
      code: "PT409",
      message: `exec_session ${id} has incomplete required checkpoints`,
      detail: "Incomplete: CODE_QUALITY, SECURITY.",
      hint: "Complete or waive them first.",
    });
    expect(await statusOf(database, "exec_session", id)).toBe("active");
  });

  it("is completed once they are complete or waived", async () => {
    const { id } = await startedSession(database);
    await completeCheckpoints(database, id, 80);
    await database.query(reopen, [id]);
    await database.query(
      "update public.exec_quality_checkpoints set is_required = false where session_id = $1 and not is_complete",
      [id],
    );
    await database.query(setStatus("exec_session"), [id, "completed"]);
    expect(await statusOf(database, "exec_session", id)).toBe("completed");
  });

  it("never comes of plain updates that race", async () => {
    const [one, other] = [await database.connect(), await database.connect()];
    const outcome = (statement: Promise<unknown>) =>
      statement.then(
        () => "done",
        (error: { code: string }) => error.code,
      );
    for (let round = 0; round < 50; round += 1) {
      const { id } = await startedSession(database);
      await completeCheckpoints(database, id, 80);
      const race = [
        () => outcome(one.query(setStatus("exec_session"), [id, "completed"])),
        () => outcome(other.query(reopen, [id])),
      ];
      if (round % 2) race.reverse();
      expect((await Promise.all(race.map((run) => run()))).sort()).toEqual(["PT409", "done"]);
    }
  });

  it("never comes of a transaction that cannot see what others reopened meanwhile", async () => {
    const { id } = await startedSession(database);
    await completeCheckpoints(database, id, 80);
    const client = await database.connect();
    await client.query("begin isolation level repeatable read");
    await client.query("select from public.exec_quality_checkpoints");
    await database.query(reopen, [id]);
    await expect(client.query(setStatus("exec_session"), [id, "completed"])).rejects.toMatchObject({
      code: "PT409",
      hint: "Use isolation level read committed.",
    });
    await client.query("rollback");
  });
});
