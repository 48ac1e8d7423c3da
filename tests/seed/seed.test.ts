import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repositoryRoot } from "../../local/paths.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let seed: string;

beforeAll(async () => {
  database = await createTestDatabase();
  seed = await readFile(join(repositoryRoot, "supabase", "seed.sql"), "utf8");
  await database.query(seed);
});
afterAll(() => database.drop());

/** The only column of every row. */
async function column(sql: string): Promise<unknown[]> {
  return (await database.query<Record<string, unknown>>(sql)).map((row) => Object.values(row)[0]);
}

/** Every row of every seeded table as one text each. */
async function everything(): Promise<unknown[]> {
  const tables = await column(
    "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'",
  );
  const names = [...tables.map((table) => `public.${table}`), "auth.users", "auth.identities"];
  return column(`${names.map((name) => `select '${name}' || t::text from ${name} t`).join(" union all ")} order by 1`);
}

it("changes nothing when it is loaded again", async () => {
  const before = await everything();
  await database.query(seed);
  expect(await everything()).toEqual(before);
});

it("does not undo what somebody has done since", async () => {
  const own = await createTestDatabase();
  try {
    await own.query(seed);
    const changes = `
      update exec_implementation_sessions set status = 'active', updated_at = now() where status = 'paused';
      update exec_implementation_sessions set status = 'failed', updated_at = now() where sd_id = 'SD-2026-003';
      update companies set name = 'Northwind' where name = 'Northwind Robotics';`;
    await own.query(changes);
    const state = "select sd_id, status, updated_at from exec_implementation_sessions order by id";
    const before = await own.query(state);
    await own.query(seed);
    expect(await own.query(state)).toEqual(before);
    expect(await own.query("select from companies where name = 'Northwind'")).toHaveLength(1);
  } finally {
    await own.drop();
  }
});

describe("the cast has", () => {
  it.each([
    [
      "sessions",
      "select distinct status from exec_implementation_sessions order by 1",
      "active cancelled completed failed paused",
    ],
    [
      "hand-offs",
      "select distinct handoff_status from exec_handoff_preparations order by 1",
      "accepted preparing ready rejected sent",
    ],
    [
      "telemetry runs",
      "select distinct status from telemetry_analysis_runs order by 1",
      "CANCELLED FAILED FAILED_ENQUEUE QUEUED RUNNING SUCCEEDED TIMED_OUT",
    ],
    [
      "directives",
      "select distinct current_phase from strategic_directives_v2 order by 1",
      "EXEC_IMPLEMENTATION LEAD_APPROVAL LEAD_FINAL PLAN_PRD PLAN_VERIFY",
    ],
  ])("%s in every state", async (_title, sql, states) => {
    expect((await column(sql)).join(" ")).toBe(states);
  });

  it("metrics of each of the last ten days for each venture", async () => {
    expect(
      await column(`
        select count(distinct ceil(extract(epoch from now() - recorded_at) / 86400)) from orchestration_metrics
        group by venture_id`),
    ).toEqual(["10", "10", "10"]);
  });

  it("directives that can be started", async () => {
    expect(
      await column(`
        select sd.id from strategic_directives_v2 sd
        where current_phase = 'EXEC_IMPLEMENTATION' and is_active
          and not exists (select from exec_implementation_sessions s where s.sd_id = sd.id) order by sequence_rank`),
    ).toEqual(["SD-2026-009", "SD-2026-010", "SD-2026-013", "SD-2026-014", "SD-2026-015"]);
  });

  it("a generation of each of the last six months, and none of the present one", async () => {
    expect(
      await column(`
        select count(*) from okr_generation_log
        where status = 'completed' and period = to_char(generation_date, 'YYYY-MM')
          and total_krs_generated = top_down_count + bottom_up_count and top_down_ratio + bottom_up_ratio = 1
          and period < to_char(now() at time zone 'utc', 'YYYY-MM')`),
    ).toEqual(["6"]);
  });
});

describe("the cast keeps the rules:", () => {
  it.each([
    [
      "no completed session has an incomplete gate",
      `select g.id from leo.incomplete_gates g
       join exec_implementation_sessions s on s.id = g.session_id where s.status = 'completed'`,
    ],
    [
      "completed sessions have the scores of their checkpoints",
      `select s.id from exec_implementation_sessions s
       join exec_quality_checkpoints c on c.session_id = s.id
       where s.status = 'completed'
       group by s.id
       having s.quality_score <> round(avg(c.score) filter (where c.is_required))
         or s.code_quality_score <> coalesce(round(avg(c.score) filter (where c.checkpoint_type = 'CODE_QUALITY')), 0)
         or s.performance_score <> coalesce(round(avg(c.score) filter (where c.checkpoint_type = 'PERFORMANCE')), 0)
         or s.security_score <> coalesce(round(avg(c.score) filter (where c.checkpoint_type = 'SECURITY')), 0)
         or s.ux_accessibility_score
           <> coalesce(round(avg(c.score) filter (where c.checkpoint_type = 'ACCESSIBILITY')), 0)`,
    ],
    [
      "sessions that ended say when, the others do not",
      `select id from exec_implementation_sessions
       where (completed_at is null) <> (status in ('active', 'paused')) or completed_at < started_at`,
    ],
    [
      "directives of completed sessions are past EXEC",
      `select sd.id from strategic_directives_v2 sd join exec_implementation_sessions s on s.sd_id = sd.id
       where s.status = 'completed' and (sd.current_phase not in ('PLAN_VERIFY', 'LEAD_FINAL') or sd.progress_percentage < 70)`,
    ],
    [
      "hand-offs are sent only from completed sessions, and belong to their directive",
      `select h.id from exec_handoff_preparations h join exec_implementation_sessions s on s.id = h.session_id
       where h.sd_id <> s.sd_id or (h.handoff_status in ('sent', 'accepted', 'rejected') and s.status <> 'completed')
         or (h.sent_at is null) <> (h.handoff_status in ('preparing', 'ready'))
         or (h.response_at is null) <> (h.handoff_status in ('preparing', 'ready', 'sent'))`,
    ],
    [
      "a scope has at most one active run",
      `select scope_type from telemetry_analysis_runs where status in ('QUEUED', 'RUNNING')
       group by scope_type, scope_id having count(*) > 1`,
    ],
    [
      "metrics add up and belong to the company of their venture and session",
      `select m.metric_id from orchestration_metrics m
       join ventures v on v.id = m.venture_id join eva_orchestration_sessions e on e.session_id = m.session_id
       where m.company_id <> v.company_id or m.company_id <> e.company_id
         or m.action_count <> m.success_count + m.failure_count
         or m.error_rate <> round(m.failure_count::numeric / m.action_count, 4)
         or m.recorded_at > now() or m.agent_utilization > 100 or m.handoff_efficiency > 100`,
    ],
    [
      "nothing is dated after now",
      `select id::text from exec_implementation_sessions where greatest(started_at, completed_at, created_at, updated_at) > now()
       union all select id::text from exec_quality_checkpoints where greatest(completed_at, created_at, updated_at) > now()
       union all select id::text from telemetry_analysis_runs where greatest(started_at, finished_at) > now()`,
    ],
  ])("%s", async (_title, sql) => {
    expect(await column(sql)).toEqual([]);
  });
});

describe("a person sees the companies of active memberships only:", () => {
  it.each([
    ["ada@northwind.example", ["Harbor Foods", "Northwind Robotics"], 120],
    ["ben@northwind.example", ["Northwind Robotics"], 80],
    ["chloe@harbor.example", [], 0],
  ])("%s", async (email, companies, metrics) => {
    const client = await database.connect();
    const { rows } = await client.query("select id from auth.users where email = $1", [email]);
    const claims = JSON.stringify({ sub: rows[0].id, role: "authenticated" });
    await client.query("begin");
    await client.query("select set_config('request.jwt.claims', $1, true)", [claims]);
    await client.query("set local role authenticated");
    const seen = await client.query("select name from companies order by name");
    const measured = await client.query("select count(*)::integer as count from orchestration_metrics");
    await client.query("rollback");
    expect(seen.rows.map(({ name }) => name)).toEqual(companies);
    expect(measured.rows).toEqual([{ count: metrics }]);
  });
});

it("has a queued run whose analysis finds the slow venture", async () => {
  const client = await database.connect();
  await client.query("begin");
  await client.query(`select leo.claim_telemetry_runs('{"worker": "w"}', '{}')`);
  const { rows } = await client.query(
    `select leo.analyze_telemetry_run(run_id, '{}', '{}') -> 'run' -> 'output_ref' -> 'bottlenecks' as found
     from public.telemetry_analysis_runs where metadata ->> 'worker' = 'w'`,
  );
  await client.query("rollback");
  expect(rows).toMatchObject([
    {
      found: [
        // The venture has one EVA session, so that both are as slow.
        { dimension_type: "session_type", dimension_key: "venture_workflow" },
        { dimension_type: "venture", dimension_key: "e0000000-0000-4000-8000-000000000001" },
      ],
    },
  ]);
});

it("makes one operator, and nobody who could sign in without a password being set", async () => {
  expect(
    await database.query(`
      select email, raw_app_meta_data ->> 'leo_role' as role, encrypted_password from auth.users
      where email like '%.example' order by email`),
  ).toEqual([
    { email: "ada@northwind.example", role: "operator", encrypted_password: "" },
    { email: "ben@northwind.example", role: null, encrypted_password: "" },
    { email: "chloe@harbor.example", role: null, encrypted_password: "" },
  ]);
});
