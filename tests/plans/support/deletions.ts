import { type HotStatement, idOf } from "./hot-statement.ts";

/** The deletion of a row that nothing points at, which PostgreSQL has to make sure of in every table that might. */
function deletion(title: string, from: string, given: string[], indexes: string[], pages: number): HotStatement {
  return {
    title: `${title} is deleted`,
    sql: `delete from public.${from}`,
    params: [{ id: idOf("new") }],
    given,
    writes: true,
    indexes,
    pages,
  };
}

const id = `'${idOf("new")}'`;
const company = `'${idOf("company1")}'`;
const directive = `insert into public.strategic_directives_v2
  (id, title, status, category, priority, description, rationale, scope, sequence_rank, sd_key)
  values (${id}, '-', 'active', '-', 'low', '-', '-', '-', 1, ${id})`;

export const deletions: HotStatement[] = [
  deletion(
    "a directive",
    "strategic_directives_v2 where id = $1 ->> 'id'",
    [directive],
    ["idx_exec_sessions_sd_id", "idx_exec_checkpoints_sd_id", "idx_exec_handoff_preparations_sd_id"],
    46,
  ),
  deletion(
    "a document",
    "product_requirements_v2 where id = $1 ->> 'id'",
    [`insert into public.product_requirements_v2 (id, title) values (${id}, '-')`],
    ["idx_exec_sessions_prd_id"],
    11,
  ),
  deletion(
    "a session",
    "exec_implementation_sessions where id = ($1 ->> 'id')::uuid",
    [
      directive,
      `insert into public.exec_implementation_sessions (id, sd_id, implementation_type)
       values (${id}, ${id}, 'API_ENDPOINT')`,
      `delete from public.exec_quality_checkpoints where session_id = ${id}`,
    ],
    ["idx_exec_handoff_preparations_session_id"],
    23,
  ),
  deletion(
    "a company",
    "companies where id = ($1 ->> 'id')::uuid",
    [`insert into public.companies (id, name) values (${id}, '-')`],
    ["idx_orch_metrics_company", "idx_ventures_company_id", "idx_eva_orchestration_sessions_company_id"],
    56,
  ),
  deletion(
    "a venture",
    "ventures where id = ($1 ->> 'id')::uuid",
    [`insert into public.ventures (id, name, company_id, problem_statement) values (${id}, '-', ${company}, '-')`],
    ["idx_orch_metrics_venture"],
    11,
  ),
  deletion(
    "an orchestration session",
    "eva_orchestration_sessions where session_id = ($1 ->> 'id')::uuid",
    [
      `insert into public.eva_orchestration_sessions (session_id, company_id, session_type, created_by)
       values (${id}, ${company}, 'venture_workflow', ${company})`,
    ],
    ["idx_orch_metrics_session"],
    11,
  ),
];
