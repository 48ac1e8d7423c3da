import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { callEvent, caller, type Row } from "./call-event.ts";
import { untilBlocked } from "./events.ts";

let database: TestDatabase;
let northwind: Company;
let contoso: Company;
let member: string;
let formerMember: string;

interface Company {
  company_id: string;
  venture_id: string;
  session_id: string;
}

async function createCompany(name: string): Promise<Company> {
  const [row] = await database.query<Company>(
    `with company as (insert into public.companies (name) values ($1) returning id),
     venture as (
       insert into public.ventures (name, company_id, problem_statement) select 'v', id, 'p' from company returning id
     ),
     session as (
       insert into public.eva_orchestration_sessions (company_id, session_type, created_by)
       select id, 'venture_workflow', gen_random_uuid() from company returning session_id
     )
     select company.id as company_id, venture.id as venture_id, session.session_id from company, venture, session`,
    [name],
  );
  return row as Company;
}

async function createMember(companyId: string, isActive: boolean): Promise<string> {
  const id = randomUUID();
  await database.query("insert into auth.users (id, email) values ($1, $2)", [id, `${id}@example.test`]);
  await database.query("insert into public.user_company_access (user_id, company_id, is_active) values ($1, $2, $3)", [
    id,
    companyId,
    isActive,
  ]);
  return id;
}

beforeAll(async () => {
  database = await createTestDatabase();
  northwind = await createCompany("Northwind");
  contoso = await createCompany("Contoso");
  member = await createMember(northwind.company_id, true);
  formerMember = await createMember(northwind.company_id, false);
});
afterAll(() => database.drop());
beforeEach(() => database.query("delete from public.orchestration_metrics"));

interface Recorded {
  accepted: number;
  duplicates: number;
  rejected: number;
  results: { index: number; metric_id: string | null; outcome: string; error?: string }[];
}

/** Records as the service, or as a user. */
async function record(metrics: unknown[], userId?: string): Promise<Recorded> {
  const claims = userId && { sub: userId, role: "authenticated" };
  return (await callEvent(database, "record_metrics", {
    request: { metrics },
    context: { event: "record", ...(claims ? { actor: `user:${userId}`, claims } : {}) },
  })) as unknown as Recorded;
}

const outcomes = ({ results }: Recorded) => results.map(({ outcome }) => outcome);

async function stored(): Promise<Row[]> {
  const rows = await database.query<{ row: Row }>(
    "select to_jsonb(metric) as row from public.orchestration_metrics metric order by action_count, metric_id",
  );
  return rows.map(({ row }) => row);
}

const full = {
  stage_id: 40,
  stage_duration: "00:05:00",
  handoff_efficiency: 100,
  error_rate: 0.125,
  action_count: 8,
  success_count: 7,
  failure_count: 1,
  agent_response_time: "00:00:02.5",
  agent_utilization: 55.5,
  agents_involved: ["planner", "coder"],
  chairman_interventions: 1,
  chairman_approvals: 2,
  chairman_rejections: 3,
  compute_cost: 99999999.99,
  api_calls_made: 2147483647,
  data_quality_score: 0,
  confidence_score: 99.99,
  recorded_at: "2026-03-01T10:00:00+00:00",
  metric_period_start: "2026-03-01T09:00:00+00:00",
  metric_period_end: "2026-03-01T09:00:00+00:00",
  metadata: { build: 7 },
};

describe("a metric", () => {
  it("is stored with everything that it brings", async () => {
    const metric = { metric_id: randomUUID(), ...northwind, ...full };
    expect(await record([metric])).toEqual({
      accepted: 1,
      duplicates: 0,
      rejected: 0,
      results: [{ index: 0, metric_id: metric.metric_id, outcome: "accepted" }],
    });
    expect(await stored()).toEqual([metric]);
  });

  it("gets the defaults of the table for what it leaves out, or gives as null", async () => {
    const nothing = Object.fromEntries(Object.keys({ ...northwind, ...full }).map((name) => [name, null]));
    const { results } = await record([nothing, {}]);
    const ids = results.map(({ metric_id }) => metric_id);
    await database.query("insert into public.orchestration_metrics default values");
    const rows = await stored();
    const comparable = rows.map(({ metric_id: _, recorded_at: __, ...row }) => row);
    expect(rows.map(({ metric_id }) => metric_id)).toEqual(expect.arrayContaining(ids));
    expect(comparable).toEqual([comparable[0], comparable[0], comparable[0]]);
    expect(rows.every(({ recorded_at }) => typeof recorded_at === "string")).toBe(true);
  });

  it.each([
    [{ error_rate: -9.5 }, "error_rate has to be from 0 to 1"],
    [{ error_rate: 1.0001 }, "error_rate has to be from 0 to 1"],
    [{ error_rate: 1e300 }, "error_rate has to be from 0 to 1"],
    [{ error_rate: "NaN" }, "error_rate has to be from 0 to 1"],
    [{ handoff_efficiency: 100.01 }, "handoff_efficiency: has to be from 0 to 100"],
    [{ agent_utilization: -1, confidence_score: 1e9 }, "agent_utilization, confidence_score: has to be from 0 to 100"],
    [{ data_quality_score: 101 }, "data_quality_score: has to be from 0 to 100"],
    [{ compute_cost: -0.01 }, "compute_cost has to be from 0 to 99999999.99"],
    [{ compute_cost: 100_000_000 }, "compute_cost has to be from 0 to 99999999.99"],
    [{ stage_id: 0 }, "stage_id has to be a whole number from 1 to 40"],
    [{ stage_id: 41 }, "stage_id has to be a whole number from 1 to 40"],
    [{ stage_id: 1.5 }, "stage_id has to be a whole number from 1 to 40"],
    [
      { action_count: -1, success_count: -1, failure_count: -1 },
      "action_count, success_count, failure_count: has to be a whole number from 0 to 2147483647",
    ],
    [
      { chairman_interventions: 0.5, chairman_approvals: 2_147_483_648, chairman_rejections: -3, api_calls_made: 1e20 },
      "chairman_interventions, chairman_approvals, chairman_rejections, api_calls_made: has to be a whole number " +
        "from 0 to 2147483647",
    ],
    [
      { action_count: 2, success_count: 2, failure_count: 1 },
      "success_count and failure_count together exceed action_count",
    ],
    [
      { action_count: 1, success_count: 2_147_483_647, failure_count: 2_147_483_647 },
      "success_count and failure_count together exceed action_count",
    ],
    [{ success_count: 1 }, "success_count and failure_count together exceed action_count"],
    [{ stage_duration: "-1 second" }, "stage_duration must not be negative"],
    [{ agent_response_time: "PT-1S" }, "agent_response_time must not be negative"],
    [
      { metric_period_start: "2026-03-02T00:00:00Z", metric_period_end: "2026-03-01T00:00:00Z" },
      "metric_period_start has to come before metric_period_end",
    ],
    [{ recorded_at: "infinity" }, "times and durations have to be finite"],
    [{ agents_involved: [["a"], ["b"]] }, "agents_involved has to be a list of names"],
    [{ metadata: ["a"] }, "metadata has to be an object"],
    [{ company_id: randomUUID() }, "company_id: no such company, or no access to it"],
    [{ venture_id: randomUUID() }, "venture_id: no such venture, or no access to it"],
    [{ session_id: randomUUID() }, "session_id: no such session, or no access to it"],
  ])("is rejected with %j", async (fields, error) => {
    const metric_id = randomUUID();
    const answer = await record([{ metric_id, ...fields }]);
    expect(answer).toEqual({
      accepted: 0,
      duplicates: 0,
      rejected: 1,
      results: [{ index: 0, metric_id, outcome: "rejected", error }],
    });
    expect(await stored()).toEqual([]);
  });

  it.each([
    [5, "has to be an object"],
    [null, "has to be an object"],
    [["error_rate"], "has to be an object"],
    [{ metric_id: "nonsense" }, 'metric_id: invalid input syntax for type uuid: "nonsense"'],
    [
      { recorded_at: "2026-02-31T00:00:00Z" },
      expect.stringContaining("recorded_at: date/time field value out of range"),
    ],
    [{ stage_duration: "soon" }, 'stage_duration: invalid input syntax for type interval: "soon"'],
    [{ agents_involved: "planner" }, expect.stringContaining("agents_involved: ")],
    [
      { error_rate: "high", action_count: "x" },
      expect.stringMatching(/^(error_rate: .*; action_count: .*|action_count: .*; error_rate: .*)$/),
    ],
  ])("is rejected where it cannot be read: %j", async (metric, error) => {
    const answer = await record([metric]);
    expect(answer.results).toEqual([{ index: 0, metric_id: null, outcome: "rejected", error }]);
  });
});

describe("a batch", () => {
  it("is not sunk by one row that is wrong or cannot be read", async () => {
    const [good, taken, other] = [randomUUID(), randomUUID(), randomUUID()];
    await record([{ metric_id: taken, action_count: 5 }]);
    const answer = await record([
      { metric_id: good, action_count: 1 },
      { error_rate: 2 },
      "no metric at all",
      { metric_id: taken, action_count: 9 },
      { metric_id: "nonsense" },
      { metric_id: other, action_count: 2 },
      { company_id: randomUUID() },
    ]);
    expect(outcomes(answer)).toEqual([
      "accepted",
      "rejected",
      "rejected",
      "duplicate",
      "rejected",
      "accepted",
      "rejected",
    ]);
    expect(answer).toMatchObject({ accepted: 2, duplicates: 1, rejected: 4 });
    expect(answer.results.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect((await stored()).map(({ action_count }) => action_count)).toEqual([1, 2, 5]);
  });

  it("that is sent again adds and changes nothing", async () => {
    const batch = Array.from({ length: 50 }, (_, number) => ({ metric_id: randomUUID(), action_count: number }));
    expect(await record(batch)).toMatchObject({ accepted: 50, duplicates: 0 });
    const before = await stored();
    const again = batch.map((metric) => ({ ...metric, action_count: 1000 })).reverse();
    expect(await record(again)).toMatchObject({ accepted: 0, duplicates: 50, rejected: 0 });
    expect(await stored()).toEqual(before);
  });

  it("takes the first valid row of an id that it holds several times", async () => {
    const metric_id = randomUUID();
    const rows = [
      { metric_id, error_rate: 7 },
      { metric_id, action_count: 1 },
      { metric_id, action_count: 2 },
    ];
    expect(outcomes(await record(rows))).toEqual(["rejected", "accepted", "duplicate"]);
    expect(await stored()).toMatchObject([{ action_count: 1 }]);
  });

  it("of a thousand rows is taken whole", async () => {
    const rows = Array.from({ length: 1000 }, (_, number) => ({ ...northwind, ...full, metadata: { number } }));
    expect(await record(rows, member)).toMatchObject({ accepted: 1000, duplicates: 0, rejected: 0 });
  });
});

describe("a user", () => {
  it("records for a company with active access, as that user under row level security", async () => {
    // Seen from inside: a trigger that notes who is at work.
    await database.query("create table public.writers (role text, user_id uuid)");
    await database.query("grant insert on public.writers to authenticated");
    await database.query(
      `create function public.note_writer() returns trigger language plpgsql set search_path = '' as $$
       begin insert into public.writers values (current_user, auth.uid()); return new; end $$`,
    );
    await database.query(
      `create trigger note_writer before insert on public.orchestration_metrics
       for each row execute function public.note_writer()`,
    );
    expect(outcomes(await record([{ ...northwind, action_count: 1 }], member))).toEqual(["accepted"]);
    expect(await database.query("select role, user_id from public.writers")).toEqual([
      { role: "authenticated", user_id: member },
    ]);
    await database.query("drop trigger note_writer on public.orchestration_metrics");
    await database.query("drop function public.note_writer()");
    await database.query("drop table public.writers");
  });

  it("does not record for anybody else's company, and does not learn whether there is one", async () => {
    const answer = await record(
      [
        { company_id: contoso.company_id },
        { company_id: randomUUID() },
        {},
        { company_id: northwind.company_id, venture_id: contoso.venture_id },
        { company_id: northwind.company_id, venture_id: randomUUID() },
        { company_id: northwind.company_id, session_id: contoso.session_id },
        { company_id: northwind.company_id, session_id: randomUUID() },
      ],
      member,
    );
    const company = "company_id: no such company, or no access to it";
    const venture = "venture_id: no such venture, or no access to it";
    const session = "session_id: no such session, or no access to it";
    expect(answer.results.map(({ error }) => error)).toEqual([
      company,
      company,
      "company_id is missing",
      venture,
      venture,
      session,
      session,
    ]);
    expect(await stored()).toEqual([]);
  });

  it.each([
    ["whose access is no longer active", () => formerMember],
    ["without any access", () => randomUUID()],
  ])("%s records nothing", async (_title, who) => {
    expect(outcomes(await record([northwind], who()))).toEqual(["rejected"]);
    expect(await stored()).toEqual([]);
  });

  it("learns of somebody else's row no more than that its id is taken, and does not change it", async () => {
    const metric_id = randomUUID();
    await record([{ metric_id, ...contoso, action_count: 3 }]);
    const before = await stored();
    expect(await record([{ metric_id, ...northwind, action_count: 4 }], member)).toEqual({
      accepted: 0,
      duplicates: 1,
      rejected: 0,
      results: [{ index: 0, metric_id, outcome: "duplicate" }],
    });
    expect(await stored()).toEqual(before);
  });

  it("leaves the connection as it was: the next call is the owner's again", async () => {
    const client = await database.connect();
    await client.query("begin");
    const claims = { sub: member, role: "authenticated" };
    for (const metrics of [[northwind], [{ ...northwind, recorded_at: "soon" }], [contoso]]) {
      await callEvent(client, "record_metrics", { request: { metrics }, context: { claims } });
      const { rows } = await client.query(
        "select current_user as who, coalesce(current_setting('request.jwt.claims', true), '') as claims",
      );
      expect(rows).toEqual([{ who: "postgres", claims: "" }]);
    }
    await client.query("rollback");
  });
});

it("does not fail where a company goes away under way; its row is rejected", async () => {
  const doomed = await createCompany("Doomed");
  await database.query("delete from public.ventures where id = $1", [doomed.venture_id]);
  await database.query("delete from public.eva_orchestration_sessions where session_id = $1", [doomed.session_id]);
  const [deleting, recording] = [await database.connect(), await database.connect()];
  const { rows } = await recording.query("select pg_backend_pid() as pid");
  await deleting.query("begin");
  await deleting.query("delete from public.companies where id = $1", [doomed.company_id]);
  const answer = callEvent(recording, "record_metrics", {
    request: { metrics: [{ company_id: doomed.company_id }, { company_id: northwind.company_id }] },
    context: caller,
  });
  await untilBlocked(database, rows[0].pid);
  await deleting.query("commit");
  expect(outcomes((await answer) as unknown as Recorded)).toEqual(["rejected", "accepted"]);
});
