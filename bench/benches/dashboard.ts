import { createClient, type RealtimeClientOptions, type SupabaseClient } from "@supabase/supabase-js";
import WebSocket from "ws";
import type { Database } from "../../types/database.ts";
import { statementsSeen } from "../data/as-admin.ts";
import { asMember, companyId, makeCompanies, memberEmail } from "../data/companies.ts";
import { fillMetrics, rollUp } from "../data/metrics.ts";
import type { Bench, Contender } from "../harness/bench.ts";
import type { BenchDatabase, Lab } from "../harness/lab.ts";
import { sqlLoad } from "../harness/sql-load.ts";
import { loadFigures } from "../harness/stats.ts";

const COMPANIES = 1000;
/** Companies of the user, who looks at one after the other. */
const OF_MEMBER = 20;
const DAYS = 30;

interface Filled {
  database: BenchDatabase;
  client: SupabaseClient<Database>;
}
type State = Record<"few" | "more" | "many", Filled>;

const called = "orchestration_summary";

const bySql = (which: keyof State, name: string): Contender<State> => ({
  name,
  async run(state, seconds) {
    const { done, p50, p95 } = await sqlLoad({
      url: asMember(state[which].database),
      clients: 1,
      seconds,
      statements: Array.from({ length: OF_MEMBER }, (_, n) => `select * from public.${called}('${companyId(1 + n)}')`),
    });
    return { done, figures: { p50, p95 } };
  },
  // By rows: an answer without its 30 days is no answer.
  count: async (state) => (await statementsSeen(state[which].database, called, "authenticated")).rows / DAYS,
});

const overHttp = (which: keyof State, name: string): Contender<State> => ({
  name,
  async run(state, seconds) {
    const { client } = state[which];
    const times: number[] = [];
    const end = performance.now() + seconds * 1000;
    for (let now = performance.now(), turn = 0; now < end; turn += 1) {
      const company_id = companyId(1 + (turn % OF_MEMBER));
      const { data } = await client.rpc(called, { company_id }).throwOnError();
      if (data.length !== DAYS) throw new Error(`a summary of ${data.length} days`);
      const after = performance.now();
      times.push(after - now);
      now = after;
    }
    const { done, p50, p95 } = loadFigures(Float64Array.from(times), seconds);
    return { done, figures: { p50, p95 } };
  },
  count: async (state) => (await statementsSeen(state[which].database, called, "authenticated")).calls,
});

const names = {
  fewBySql: "SQL, 100 000 metrics",
  moreBySql: "SQL, 1 000 000 metrics",
  manyBySql: "SQL, 10 000 000 metrics",
  few: "HTTP, 100 000 metrics",
  more: "HTTP, 1 000 000 metrics",
  many: "HTTP, 10 000 000 metrics",
};

export const dashboard: Bench<State> = {
  name: "dashboard",
  question: "Does the dashboard of one company slow down with the metrics of all?",
  how:
    `Sums of the last ${DAYS} days by day of one company, as a user who has ${OF_MEMBER} of ${COMPANIES} companies and ` +
    "asks for them in turn; by SQL under row level security, and with supabase-js through the local gateway and the " +
    "local stand-in for PostgREST. Days are rolled up but for today, which is as full as at its end. " +
    "Quick: 300 000 and 1 000 000 metrics.",
  figures: { p50: "ms", p95: "ms" },
  contenders: [
    bySql("few", names.fewBySql),
    bySql("more", names.moreBySql),
    bySql("many", names.manyBySql),
    overHttp("few", names.few),
    overHttp("more", names.more),
    overHttp("many", names.many),
  ],
  goals: [
    { figure: "p50", contender: names.manyBySql, against: names.fewBySql, atMost: 1.5 },
    { figure: "p95", contender: names.manyBySql, atMost: 20 },
    { figure: "p50", contender: names.many, against: names.few, atMost: 1.5 },
    { figure: "p95", contender: names.many, atMost: 20 },
  ],
  async setup(lab) {
    return {
      few: await filled(lab, 100_000),
      more: await filled(lab, lab.size(1_000_000, 300_000)),
      many: await filled(lab, lab.size(10_000_000, 1_000_000)),
    };
  },
};

async function filled(lab: Lab, metrics: number): Promise<Filled> {
  const database = await lab.database();
  const password = "a password of this bench";
  await makeCompanies(database, { companies: COMPANIES, ofMember: OF_MEMBER, password });
  await fillMetrics(database, metrics, COMPANIES);
  await rollUp(database);
  const services = await lab.services(database);
  const client = createClient<Database>(services.url, services.secrets.publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false },
    // Node 20 has no WebSocket of its own.
    realtime: { transport: WebSocket as unknown as RealtimeClientOptions["transport"] },
  });
  const { error } = await client.auth.signInWithPassword({ email: memberEmail, password });
  if (error) throw error;
  return { database, client };
}
