import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Client, startDataApiOnly, type TestDataApi } from "../support/data-api.ts";
import { eventsOf } from "./support/cast.ts";

let api: TestDataApi;
let anon: Client;
let member: Client;
let stranger: Client;
let service: Client;

beforeAll(async () => {
  api = await startDataApiOnly();
  const { database } = api;
  const events = eventsOf(database);
  const { id: sessionId } = await events.start(["audit"]);
  await events.prepare(sessionId);
  await events.request({ scope_type: "global" });
  await events.startGeneration({ period: "2026-01" });

  const company = "0a000000-0000-4000-8000-000000000001";
  await database.query("insert into public.companies (id, name) values ($1, 'Northwind')", [company]);
  await database.query(
    "insert into public.user_company_access (user_id, company_id, is_active) values ($1, $2, true)",
    [await api.createUser({ email: "member@northwind.example" }), company],
  );
  await api.createUser({ email: "stranger@nowhere.example" });
  anon = api.client();
  service = api.client(api.secretKey);
  [member, stranger] = await Promise.all([
    api.signIn("member@northwind.example"),
    api.signIn("stranger@nowhere.example"),
  ]);
});
afterAll(() => api.stop());

/** Each view, with a policy that lets signed-in users read what it shows. */
const views = [
  ["session_overview", "exec_sessions_select", "exec_implementation_sessions"],
  ["checkpoint_gaps", "exec_checkpoints_select", "exec_quality_checkpoints"],
  ["handoff_turnarounds", "exec_handoff_preparations_select", "exec_handoff_preparations"],
  ["sd_timeline", "state_transitions_select", "state_transitions"],
  ["telemetry_findings", "telemetry_analysis_runs_anon_read", "telemetry_analysis_runs"],
  ["okr_history", "Authenticated read on okr_generation_log", "okr_generation_log"],
] as const;

describe.each(views)("%s", (view, policy, table) => {
  const countFor = async (client: Client) => {
    const { data, error } = await client.from(view).select();
    expect(error).toBeNull();
    return data?.length ?? 0;
  };

  test("is for every signed-in user, as the tables behind it, and for services", async () => {
    const rows = await countFor(service);
    expect(rows).toBeGreaterThan(0);
    expect(await countFor(member)).toBe(rows);
    expect(await countFor(stranger)).toBe(rows);
  });

  test("is refused to who is not signed in", async () => {
    const { data, error } = await anon.from(view).select();
    expect(data).toBeNull();
    expect(error?.code).toBe("42501");
  });

  test("shows a user no row that the policies of its table keep from that user", async () => {
    // A project that lets nobody read: the view asks as the user, not as its owner, who would see all.
    const [before] = await api.database.query<{ condition: string }>(
      "select qual as condition from pg_policies where tablename = $1 and policyname = $2",
      [table, policy],
    );
    expect(before).toBeDefined();
    await api.database.query(`alter policy "${policy}" on public.${table} using (false)`);
    try {
      expect(await countFor(stranger)).toBe(0);
      expect(await countFor(service)).toBeGreaterThan(0);
    } finally {
      await api.database.query(`alter policy "${policy}" on public.${table} using (${before?.condition})`);
    }
    expect(await countFor(stranger)).toBeGreaterThan(0);
  });
});

test("a session is shown without its title where its directive is kept from the user", async () => {
  const change = (condition: boolean) =>
    api.database.query(
      `alter policy strategic_directives_v2_select on public.strategic_directives_v2 using (${condition})`,
    );
  await change(false);
  try {
    const { data } = await stranger.from("session_overview").select("status, sd_title");
    expect(data).toEqual([{ status: "active", sd_title: null }]);
  } finally {
    await change(true);
  }
});

test.each(["user", "service"])("nobody writes through a view that could be written through, no %s", async (who) => {
  const client = who === "user" ? stranger : service;
  const handoffs = "select to_jsonb(t) as row from public.exec_handoff_preparations t";
  const before = await api.database.query(handoffs);
  const updated = await client
    .from("handoff_turnarounds")
    .update({ handoff_status: "accepted" })
    .eq("handoff_status", "preparing");
  expect(updated.error?.code).toBe("42501");
  expect(await api.database.query(handoffs)).toEqual(before);

  const inserted = await client.from("sd_timeline").insert({ machine: "handoff", event: "accept", actor: "me" });
  expect(inserted.error?.code).toBe("42501");
});
