import { randomUUID } from "node:crypto";
import { createDirective } from "../../functions/support/directives.ts";
import { type Cast, type CompanyName, companyNames } from "./cast.ts";

type Row = Record<string, unknown>;

/** How the rows of a table are told apart, made and changed. */
export interface TableRows {
  key: string;
  /** SQL for whose a row is: the companies' names, or what else the matrix calls it. */
  owner: string;
  /** Whose rows can be made. */
  owners: string[];
  /** A row that nothing but rights refuses. */
  make(owner: string): Promise<Row>;
  /** A change that nothing but rights refuses. */
  change(text: string): Row;
  /** What has to go before such a row can. */
  dependents?: string;
}

const shared = { owner: "'shared'", owners: ["shared"] };
const ofCompany = (column: string) =>
  `coalesce((select name from public.companies where companies.id = ${column}), 'nobody')`;

const emptySummary = {
  ...{ metric_count: 0, action_count: 0, success_count: 0, failure_count: 0, api_calls_made: 0 },
  ...{ chairman_interventions: 0, chairman_approvals: 0, chairman_rejections: 0, compute_cost: 0 },
};

let days = 0;
/** A day that no other row has. */
function anotherDay(): string {
  days += 1;
  return new Date(Date.UTC(2001, 0, days)).toISOString().slice(0, 10);
}

/** The tables of schema public, by name; what rows refer to is made along with them. */
export function rowsOf({ database, companies, newcomer }: Cast): Record<string, TableRows> {
  const companyId = (owner: string) => (owner === "nobody" ? null : companies[owner as CompanyName].id);

  async function session(): Promise<{ session_id: string; sd_id: string }> {
    const sd_id = await createDirective(database);
    const [row] = await database.query<{ id: string }>(
      `insert into public.exec_implementation_sessions (sd_id, implementation_type)
       values ($1, 'UI_COMPONENT') returning id`,
      [sd_id],
    );
    return { session_id: row?.id ?? "", sd_id };
  }

  return {
    strategic_vision: {
      ...shared,
      key: "id",
      make: async () => ({ id: randomUUID(), code: randomUUID(), title: "t", statement: "s" }),
      change: (title) => ({ title }),
    },
    strategic_directives_v2: {
      ...shared,
      key: "id",
      async make() {
        const id = randomUUID();
        const texts = { title: "t", description: "d", rationale: "r", scope: "s" };
        return { id, sd_key: id, ...texts, status: "active", category: "c", priority: "low", sequence_rank: 1 };
      },
      change: (title) => ({ title }),
    },
    product_requirements_v2: {
      ...shared,
      key: "id",
      make: async () => ({ id: randomUUID(), title: "t" }),
      change: (title) => ({ title }),
    },
    companies: {
      key: "id",
      owner: "name",
      owners: ["another"],
      make: async (name) => ({ id: randomUUID(), name }),
      change: (description) => ({ description }),
    },
    user_company_access: {
      key: "id",
      owner: "role",
      owners: ["newcomer"],
      make: async (role) => ({
        ...{ id: randomUUID(), user_id: newcomer, company_id: companies.A.id },
        ...{ is_active: true, role },
      }),
      change: (access_level) => ({ access_level }),
    },
    ventures: {
      key: "id",
      owner: ofCompany("company_id"),
      owners: [...companyNames, "nobody"],
      make: async (owner) => ({ id: randomUUID(), name: "n", problem_statement: "p", company_id: companyId(owner) }),
      change: (problem_statement) => ({ problem_statement }),
    },
    eva_orchestration_sessions: {
      key: "session_id",
      owner: ofCompany("company_id"),
      owners: [...companyNames],
      make: async (owner) => ({
        session_id: randomUUID(),
        company_id: companyId(owner),
        session_type: "venture_workflow",
        created_by: randomUUID(),
      }),
      change: (objective) => ({ objective }),
    },
    orchestration_metrics: {
      key: "metric_id",
      owner: ofCompany("company_id"),
      owners: [...companyNames, "nobody"],
      make: async (owner) => ({ metric_id: randomUUID(), company_id: companyId(owner) }),
      change: (text) => ({ agents_involved: [text] }),
    },
    // Told apart by the day: of the cast, each company has another one.
    orchestration_daily_summaries: {
      key: "day",
      owner: ofCompany("company_id"),
      owners: [...companyNames],
      make: async (owner) => ({ ...emptySummary, company_id: companyId(owner), day: anotherDay() }),
      change: () => ({ metric_count: 1 }),
    },
    orchestration_stale_days: {
      key: "day",
      owner: ofCompany("company_id"),
      owners: [...companyNames],
      make: async (owner) => ({ company_id: companyId(owner), day: anotherDay() }),
      change: () => ({ day: anotherDay() }),
    },
    orchestration_summary_progress: {
      ...shared,
      key: "is_only",
      // There is one row, and never another: that nobody inserts one is tested with the summaries.
      owners: [],
      make: async () => ({ is_only: true }),
      change: () => ({ rolled_up_through: anotherDay() }),
    },
    exec_implementation_sessions: {
      ...shared,
      key: "id",
      make: async () => ({
        id: randomUUID(),
        sd_id: await createDirective(database),
        implementation_type: "API_ENDPOINT",
      }),
      change: (orchestrator) => ({ orchestrator }),
      dependents: "delete from public.exec_quality_checkpoints where session_id = any ($1::uuid[])",
    },
    exec_quality_checkpoints: {
      ...shared,
      key: "id",
      make: async () => ({
        ...(await session()),
        id: randomUUID(),
        checkpoint_name: "one more",
        checkpoint_type: "TESTING",
      }),
      change: (completion_notes) => ({ completion_notes }),
    },
    exec_handoff_preparations: {
      ...shared,
      key: "id",
      make: async () => ({ ...(await session()), id: randomUUID(), implementation_summary: "s" }),
      change: (post_implementation_notes) => ({ post_implementation_notes }),
    },
    telemetry_analysis_runs: {
      ...shared,
      key: "id",
      make: async () => ({ id: randomUUID(), run_id: randomUUID(), scope_id: randomUUID() }),
      change: (top_bottleneck_category) => ({ top_bottleneck_category }),
    },
    okr_generation_log: {
      ...shared,
      key: "id",
      make: async () => ({ id: randomUUID(), generation_date: "2026-01-01", period: "2026-02" }),
      change: (created_by) => ({ created_by }),
    },
    state_transitions: {
      ...shared,
      key: "id",
      make: async () => ({ machine: "exec_session", entity_id: randomUUID(), event: "complete", actor: "nobody" }),
      change: (reason) => ({ reason }),
    },
  };
}
