import { randomUUID } from "node:crypto";
import { createClient, type RealtimeClientOptions, type SupabaseClient } from "@supabase/supabase-js";
import WebSocket from "ws";
import { telemetryRunDecision } from "../../types/contracts/telemetry-runs.ts";
import type { Database } from "../../types/database.ts";
import { makeFinishedRuns } from "../data/telemetry-runs.ts";
import type { Bench, Contender } from "../harness/bench.ts";
import type { BenchDatabase, BenchServices } from "../harness/lab.ts";
import { quantile } from "../harness/stats.ts";

interface State {
  database: BenchDatabase;
  services: BenchServices;
  client: SupabaseClient<Database>;
}

/** Asks for a run of a scope. @returns whether one was enqueued */
type Ask = (state: State, scopeId: string) => Promise<boolean>;

/** The edge function decides, under a lock. */
const oneCall: Ask = async ({ services }, scope_id) => {
  const response = await fetch(`${services.functionsUrl}/functions/v1/telemetry-runs`, {
    method: "POST",
    headers: { ...services.headers, "content-type": "application/json" },
    body: JSON.stringify({ scope_type: "workspace", scope_id }),
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`request answered ${response.status}: ${answer}`);
  return telemetryRunDecision.parse(JSON.parse(answer)).decision === "enqueued";
};

/** The way of the documented client: is one active, is one fresh, else insert one. */
const threeCalls: Ask = async ({ client }, scopeId) => {
  const runs = () => client.from("telemetry_analysis_runs");
  const scope = { scope_type: "workspace", scope_id: scopeId };
  const active = await runs().select("run_id").match(scope).in("status", ["QUEUED", "RUNNING"]).limit(1).throwOnError();
  if (active.data.length > 0) return false;
  const fresh = await runs()
    .select("run_id, finished_at")
    .match({ ...scope, status: "SUCCEEDED" })
    .gte("finished_at", new Date(Date.now() - 7 * 86_400_000).toISOString())
    .order("finished_at", { ascending: false })
    .limit(1)
    .throwOnError();
  if (fresh.data.length > 0) return false;
  await runs()
    .insert({ ...scope, run_id: randomUUID() })
    .select("run_id")
    .throwOnError();
  return true;
};

const PARALLEL = 100;

function contender(name: string, ask: Ask): Contender<State> {
  return {
    name,
    async run(state, seconds) {
      const times: number[] = [];
      const end = performance.now() + seconds * 1000;
      for (let now = performance.now(); now < end; ) {
        if (!(await ask(state, randomUUID()))) throw new Error("a run of a new scope was not enqueued");
        const after = performance.now();
        times.push(after - now);
        now = after;
      }
      const contested = randomUUID();
      const answers = await Promise.all(Array.from({ length: PARALLEL }, () => ask(state, contested)));
      const enqueued = answers.filter(Boolean).length;
      const figures = {
        p50: quantile(
          times.sort((a, b) => a - b),
          0.5,
        ),
        duplicates: enqueued - 1,
      };
      return { done: times.length + enqueued, figures };
    },
    count: ({ database }) => database.number("select count(*) from public.telemetry_analysis_runs"),
  };
}

const names = { one: "request, one call", three: "three calls, Data API" };

export const request: Bench<State> = {
  name: "request",
  question: "What does it take to ask for a telemetry run, unless one is active or fresh?",
  how:
    "p50 of one caller, who asks for a new scope each time among 10 000 finished runs; and how many runs too many " +
    `there are when ${PARALLEL} callers ask for one scope at once. Both by fetch and one process away: the functions are ` +
    "asked directly, and the Data API, the local stand-in for PostgREST, is in the gateway's process.",
  figures: { p50: "ms", duplicates: "runs" },
  contenders: [contender(names.one, oneCall), contender(names.three, threeCalls)],
  goals: [
    { figure: "p50", contender: names.three, against: names.one, atLeast: 5 },
    { figure: "duplicates", contender: names.one, atMost: 0 },
  ],
  async setup(lab) {
    const database = await lab.database();
    await makeFinishedRuns(database, 10_000);
    const services = await lab.services(database);
    const client = createClient<Database>(services.url, services.secrets.secretKeys.default as string, {
      auth: { persistSession: false, autoRefreshToken: false },
      // Node 20 has no WebSocket of its own.
      realtime: { transport: WebSocket as unknown as RealtimeClientOptions["transport"] },
    });
    return { database, services, client };
  },
};
