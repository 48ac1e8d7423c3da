import { statementsSeen } from "../data/as-admin.ts";
import { asMember, companyId } from "../data/companies.ts";
import { fillDocumentedTables } from "../data/documented-tables.ts";
import type { Bench, Contender } from "../harness/bench.ts";
import type { BenchDatabase } from "../harness/lab.ts";
import { sqlLoad } from "../harness/sql-load.ts";

interface State {
  database: BenchDatabase;
  /** How many reads have been measured. */
  turn: number;
}

const id = "md5('bench' || 5)::uuid";
const ofCompany = `company_id = '${companyId(1)}'`;

/**
 * Reads of each documented table, by each way that its documented indexes offer, and of a whole table, where a policy
 * that is asked row by row would show most. Metrics are those of the one company that the member has, so that
 * both readers get the same rows.
 */
const reads: Record<string, string> = {
  "session by id": `* from public.exec_implementation_sessions where id = ${id}`,
  "sessions of a directive": "* from public.exec_implementation_sessions where sd_id = 'SD-77'",
  "latest active sessions":
    "id, sd_id, status from public.exec_implementation_sessions where status = 'active' order by started_at desc limit 50",
  "all sessions": "count(*) from public.exec_implementation_sessions",
  "checkpoints of a session": `* from public.exec_quality_checkpoints where session_id = ${id}`,
  "all checkpoints": "count(*) from public.exec_quality_checkpoints",
  "hand-offs of a session": `* from public.exec_handoff_preparations where session_id = ${id}`,
  "latest hand-offs": "* from public.exec_handoff_preparations order by prepared_at desc limit 50",
  "all hand-offs": "count(*) from public.exec_handoff_preparations",
  "active run of a scope":
    "* from public.telemetry_analysis_runs where scope_type = 'workspace' and scope_id = 'scope-7' " +
    "and status in ('QUEUED', 'RUNNING') limit 1",
  "fresh run of a scope":
    "run_id, finished_at from public.telemetry_analysis_runs where scope_type = 'workspace' and scope_id = 'scope-7' " +
    "and status = 'SUCCEEDED' order by finished_at desc limit 1",
  "runs of a correlation": "* from public.telemetry_analysis_runs where correlation_id = 'correlation-7'",
  "all runs": "count(*) from public.telemetry_analysis_runs",
  "OKR generations of a day": "* from public.okr_generation_log where generation_date = '2020-06-01'",
  "all OKR generations": "count(*) from public.okr_generation_log",
  "latest metrics of a company": `* from public.orchestration_metrics where ${ofCompany} order by recorded_at desc limit 50`,
  "metrics of a venture": `* from public.orchestration_metrics where ${ofCompany} and venture_id = '${companyId(1)}'`,
  "sums of a company": `count(*), avg(error_rate), sum(compute_cost) from public.orchestration_metrics where ${ofCompany}`,
};

/** A read as owner and as user in turn, a second each. */
function contender(name: string, read: string): Contender<State> {
  // By the comment it is found again in what the server has counted.
  const mark = `/* ${name} */`;
  return {
    name,
    async run(state) {
      const { database } = state;
      const load = async (url: string) =>
        sqlLoad({ url, clients: 1, seconds: 1, statements: [`select ${mark} ${read}`] });
      // Who comes second finds everything in the processor's caches, so they take turns at that.
      state.turn += 1;
      const memberFirst = state.turn % 2 === 0 ? await load(asMember(database)) : undefined;
      const owner = await load(database.url);
      const member = memberFirst ?? (await load(asMember(database)));
      return {
        done: owner.done + member.done,
        figures: { ratio: member.p50 / owner.p50, owner: owner.p50, member: member.p50 },
      };
    },
    async count({ database }) {
      const owner = await statementsSeen(database, mark, "postgres");
      const member = await statementsSeen(database, mark, "authenticated");
      if (owner.rows * member.calls !== member.rows * owner.calls) throw new Error("one of the two gets other rows");
      return owner.calls + member.calls;
    },
  };
}

export const rlsReads: Bench<State> = {
  name: "rls-reads",
  question: "What does row level security add to a read?",
  how:
    "p50 of a read by SQL, 1 client, in turn as owner of the tables, and as a signed-in user under the policies. " +
    "100 000 rows in each table (quick: 10 000); both get the same rows.",
  figures: { ratio: "user ÷ owner", owner: "ms, p50", member: "ms, p50" },
  rounds: { full: 5, quick: 1 },
  contenders: Object.entries(reads).map(([name, read]) => contender(name, read)),
  goals: Object.keys(reads).map((contender) => ({ figure: "ratio", contender, atMost: 1.15 })),
  async setup(lab) {
    const database = await lab.database();
    await fillDocumentedTables(database, lab.size(100_000, 10_000));
    return { database, turn: 0 };
  },
};
