import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Client, startDataApiOnly, type TestDataApi } from "../support/data-api.ts";

const northwind = "0a000000-0000-4000-8000-000000000001";
const contoso = "0a000000-0000-4000-8000-000000000002";

let api: TestDataApi;
let anon: Client;
let memberOfNorthwind: Client;
let formerMember: Client;
let stranger: Client;
let service: Client;

beforeAll(async () => {
  api = await startDataApiOnly();
  const { database } = api;
  await database.query("insert into public.companies (id, name) values ($1, 'Northwind'), ($2, 'Contoso')", [
    northwind,
    contoso,
  ]);
  await database.query(
    `insert into public.strategic_directives_v2
       (id, title, status, category, priority, description, rationale, scope, sequence_rank, sd_key, current_phase)
     values ('SD-1', 't', 'active', 'feature', 'high', 'd', 'r', 's', 1, 'SD-1', 'EXEC_IMPLEMENTATION')`,
  );
  await database.query(
    "insert into public.exec_implementation_sessions (sd_id, implementation_type) values ('SD-1', 'AUTHENTICATION')",
  );
  await database.query("insert into public.telemetry_analysis_runs (run_id) values (gen_random_uuid())");
  await database.query("insert into public.product_requirements_v2 (id, title, sd_id) values ('PRD-1', 't', 'SD-1')");
  await database.query("insert into public.strategic_vision (code, title, statement) values ('V1', 't', 's')");
  await database.query(
    "insert into public.ventures (name, company_id, problem_statement) values ('a', $1, 'p'), ('b', $2, 'p')",
    [northwind, contoso],
  );
  await database.query(
    `insert into public.eva_orchestration_sessions (company_id, session_type, created_by)
     values ($1, 'venture_workflow', gen_random_uuid()), ($2, 'venture_workflow', gen_random_uuid())`,
    [northwind, contoso],
  );
  await database.query(
    "insert into public.okr_generation_log (generation_date, period) values ('2026-11-01', '2026-11')",
  );
  await database.query(
    "insert into public.orchestration_metrics (company_id, action_count) values ($1, 1), ($2, 2), (null, 3)",
    [northwind, contoso],
  );
  const access = async (userId: string, companyId: string, isActive: boolean) =>
    database.query("insert into public.user_company_access (user_id, company_id, is_active) values ($1, $2, $3)", [
      userId,
      companyId,
      isActive,
    ]);
  await access(await api.createUser({ email: "member@northwind.example" }), northwind, true);
  await access(await api.createUser({ email: "former@northwind.example" }), northwind, false);
  await api.createUser({ email: "stranger@nowhere.example" });

  anon = api.client();
  service = api.client(api.secretKey);
  [memberOfNorthwind, formerMember, stranger] = await Promise.all([
    api.signIn("member@northwind.example"),
    api.signIn("former@northwind.example"),
    api.signIn("stranger@nowhere.example"),
  ]);
});
afterAll(() => api.stop());

const id = "0f000000-0000-4000-8000-000000000001";
/** Tables that every signed-in user reads, each with a row that only its policies refuse. */
const shared = [
  ["exec_implementation_sessions", { sd_id: "SD-1", implementation_type: "UI_COMPONENT", status: "paused" }],
  ["exec_quality_checkpoints", { sd_id: "SD-1", session_id: id, checkpoint_name: "n", checkpoint_type: "TESTING" }],
  [
    "strategic_directives_v2",
    {
      ...{ id: "SD-2", title: "t", status: "active", category: "c", priority: "low", description: "d" },
      ...{ rationale: "r", scope: "s", sequence_rank: 2, sd_key: "SD-2" },
    },
  ],
  ["okr_generation_log", { generation_date: "2026-11-02", period: "2026-12" }],
  ["telemetry_analysis_runs", { run_id: id }],
  ["product_requirements_v2", { id: "PRD-2", title: "t" }],
  ["strategic_vision", { code: "V2", title: "t", statement: "s" }],
] as const;

describe.each(shared)("%s", (table, row) => {
  test("is read by every signed-in user", async () => {
    const { data, error } = await stranger.from(table).select();
    expect(error).toBeNull();
    expect(data?.length).toBeGreaterThan(0);
  });

  test(`is ${table === "telemetry_analysis_runs" ? "read, as documented," : "not read"} by who is not signed in`, async () => {
    const { data, error } = await anon.from(table).select();
    expect(error).toBeNull();
    expect(data).toHaveLength(table === "telemetry_analysis_runs" ? 1 : 0);
  });

  test("is not written by a signed-in user", async () => {
    const before = await api.database.query(`select * from public.${table} order by 1`);
    const inserted = await stranger.from(table).insert(row as never);
    expect(inserted.error?.code).toBe("42501");
    await stranger
      .from(table)
      .update({ created_at: "2000-01-01T00:00:00Z" } as never)
      .not("created_at", "is", null);
    await stranger.from(table).delete().not("created_at", "is", null);
    expect(await api.database.query(`select * from public.${table} order by 1`)).toEqual(before);
  });
});

test("a session with its checkpoints is read in one request by a signed-in user", async () => {
  const { data, error } = await memberOfNorthwind
    .from("exec_implementation_sessions")
    .select("sd_id, status, exec_quality_checkpoints(checkpoint_name, is_complete)")
    .single();
  expect(error).toBeNull();
  expect(data?.status).toBe("active");
  expect(data?.exec_quality_checkpoints.map(({ checkpoint_name }) => checkpoint_name).sort()).toEqual([
    "CODE_QUALITY",
    "SECURITY",
    "TESTING",
  ]);
});

describe("rows of a company", () => {
  test.each([
    ["companies", "id"],
    ["orchestration_metrics", "company_id"],
    ["ventures", "company_id"],
    ["eva_orchestration_sessions", "company_id"],
  ] as const)("of %s are read by its members only", async (table, column) => {
    const read = async (client: Client) => {
      const { data, error } = await client.from(table).select();
      expect(error).toBeNull();
      return data?.map((row) => (row as Record<string, unknown>)[column]);
    };
    expect(await read(memberOfNorthwind)).toEqual([northwind]);
    expect(await read(formerMember)).toEqual([]);
    expect(await read(stranger)).toEqual([]);
    expect(await read(anon)).toEqual([]);
    expect((await read(service))?.length).toBeGreaterThan(1);
  });

  test("and nobody grants access to himself", async () => {
    const { data: user } = await stranger.auth.getUser();
    const { error } = await stranger
      .from("user_company_access")
      .insert({ user_id: user.user?.id as string, company_id: northwind, is_active: true });
    expect(error?.code).toBe("42501");
    const rows = await api.database.query("select from public.user_company_access where user_id = $1", [user.user?.id]);
    expect(rows).toEqual([]);
  });

  test("access rows are read by the user they are about only", async () => {
    const { data } = await memberOfNorthwind.from("user_company_access").select("company_id, is_active");
    expect(data).toEqual([{ company_id: northwind, is_active: true }]);
    expect((await stranger.from("user_company_access").select()).data).toEqual([]);
  });
});
