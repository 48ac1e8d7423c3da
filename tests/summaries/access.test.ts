import type { SupabaseClient } from "@supabase/supabase-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Client, startDataApiOnly, type TestDataApi } from "../support/data-api.ts";
import { createCompanies, day, noon, rollUpEverything, staleDays } from "./summaries.ts";

let api: TestDataApi;
let ours: string;
let theirs: string;
/** Member of the first company, former member of it, signed in and nothing else, and with a secret key. */
let member: Client;
let former: Client;
let stranger: Client;
let service: Client;

beforeAll(async () => {
  api = await startDataApiOnly();
  const { database } = api;
  [ours = "", theirs = ""] = await createCompanies(database, 2);
  const join = async (email: string, isActive: boolean | null): Promise<Client> => {
    const id = await api.createUser({ email });
    if (isActive !== null) {
      await database.query(
        "insert into public.user_company_access (user_id, company_id, is_active) values ($1, $2, $3)",
        [id, ours, isActive],
      );
    }
    return api.signIn(email);
  };
  member = await join("member@example.test", true);
  former = await join("former@example.test", false);
  stranger = await join("stranger@example.test", null);
  service = api.client(api.secretKey);

  // Of each company: a day that is rolled up, one that is stale again, and today.
  const record = (fromToday: number) =>
    database.query(
      `insert into public.orchestration_metrics (company_id, recorded_at, action_count)
       select company_id, $2, 10 from unnest($1::uuid[]) company_id`,
      [[ours, theirs], noon(fromToday)],
    );
  for (const fromToday of [-3, -2]) await record(fromToday);
  await rollUpEverything(database);
  for (const fromToday of [-2, 0]) await record(fromToday);
  expect(await staleDays(database)).toEqual([day(-2), day(-2)]);
});
afterAll(() => api.stop());

const daysOf = (company: string) => [-3, -2, 0].map((fromToday) => `${company} ${day(fromToday)}`);
const inOrder = (...companies: string[]) => companies.sort().flatMap(daysOf);

/** Which days of which companies are answered. */
async function summarized(client: Client, args: { company_id?: string; from_day?: string } = {}): Promise<string[]> {
  const { data, error } = await client.rpc("orchestration_summary", { to_day: day(0), ...args });
  if (error) throw error;
  return data.map((row) => `${row.company_id} ${row.day}`);
}

describe("the summary", () => {
  it("of all companies is that of the member's companies, and of every company for a service", async () => {
    expect(await summarized(member)).toEqual(inOrder(ours));
    expect(await summarized(former)).toEqual([]);
    expect(await summarized(stranger)).toEqual([]);
    expect(await summarized(service)).toEqual(inOrder(ours, theirs));
  });

  it("of a company is empty for everybody who does not belong to it", async () => {
    expect(await summarized(member, { company_id: ours })).toEqual(daysOf(ours));
    expect(await summarized(member, { company_id: theirs })).toEqual([]);
    expect(await summarized(former, { company_id: ours })).toEqual([]);
    expect(await summarized(stranger, { company_id: ours })).toEqual([]);
    expect(await summarized(service, { company_id: theirs })).toEqual(daysOf(theirs));
  });

  it("is refused to whoever is not signed in", async () => {
    const { data, error } = await api.client().rpc("orchestration_summary");
    expect(error?.code).toBe("42501");
    expect(data).toBeNull();
  });

  it("can be filtered, ordered and cut like a table", async () => {
    const { data, error } = await member
      .rpc("orchestration_summary", { from_day: day(-10) })
      .gte("metric_count", 1)
      .order("day", { ascending: false })
      .limit(2)
      .select("day, metric_count, action_count, error_rate");
    expect(error).toBeNull();
    expect(data).toEqual([
      { day: day(0), metric_count: 1, action_count: 10, error_rate: 0 },
      { day: day(-2), metric_count: 2, action_count: 20, error_rate: 0 },
    ]);
  });
});

describe("the tables behind it", () => {
  const tables = ["orchestration_daily_summaries", "orchestration_stale_days"] as const;

  it.each(tables)("%s shows a member the rows of his companies, and to others none", async (table) => {
    const companies = async (client: Client) => {
      const { data, error } = await client.from(table).select("company_id");
      if (error) throw error;
      return new Set(data.map(({ company_id }) => company_id));
    };
    expect(await companies(member)).toEqual(new Set([ours]));
    expect(await companies(former)).toEqual(new Set());
    expect(await companies(stranger)).toEqual(new Set());
    expect(await companies(service)).toEqual(new Set([ours, theirs]));
    expect((await api.client().from(table).select("company_id")).error?.code).toBe("42501");
  });

  it.each<[string, Record<string, unknown>]>([
    ["orchestration_daily_summaries", { metric_count: 0 }],
    ["orchestration_stale_days", { day: day(-9) }],
    ["orchestration_summary_progress", { rolled_up_through: day(-9) }],
  ])("%s is changed by no client", async (table, change) => {
    const rows = () => api.database.query(`select * from public.${table} order by 1, 2`);
    const [column = ""] = Object.keys(change);
    const before = await rows();
    expect(before.length).toBeGreaterThan(0);
    for (const client of [api.client(), member, former, service]) {
      // Of any table: what the types allow to write is not asked.
      const anything: SupabaseClient = client as unknown as SupabaseClient;
      for (const { error } of [
        await anything.from(table).insert(change),
        await anything.from(table).update(change).not(column, "is", null),
        await anything.from(table).delete().not(column, "is", null),
      ]) {
        expect(error?.code).toBe("42501");
      }
    }
    expect(await rows()).toEqual(before);
  });
});
