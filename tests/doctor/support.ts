import { randomUUID } from "node:crypto";
import pg from "pg";
import { completeCheckpoints } from "../functions/support/directives.ts";
import type { TestDatabase } from "../support/database.ts";
import { startedSession } from "../transitions/events.ts";

export interface Finding {
  problem: string;
  table_name: string;
  entity_id: string | null;
  detail: string;
  fix: string | null;
}

export const examine = (database: TestDatabase, rowsPerProblem = 100) =>
  database.query<Finding>("select * from leo.doctor($1)", [rowsPerProblem]);

/** Runs statements as no client can: without triggers, foreign keys among them. */
export async function pastTriggers(database: TestDatabase, sql: string): Promise<void> {
  const admin = new pg.Client({ connectionString: database.adminUrl });
  await admin.connect();
  try {
    await admin.query(`set session_replication_role = replica; ${sql}`);
  } finally {
    await admin.end();
  }
}

/** Inserts a row and returns a column of it. */
export async function insert(
  database: TestDatabase,
  table: string,
  values: Record<string, string>,
  returning = "id",
): Promise<string> {
  const [row] = await database.query<{ key: string }>(
    `insert into ${table} (${Object.keys(values).join(", ")}) values (${Object.values(values).join(", ")})
     returning ${returning} as key`,
  );
  return row?.key as string;
}

/** A session that has been completed as it should, with its gates and its directive. */
export async function completedSession(database: TestDatabase): Promise<{ id: string; sdId: string }> {
  const session = await startedSession(database);
  await completeCheckpoints(database, session.id, 80);
  await database.query(
    "update public.exec_quality_checkpoints set completed_at = now(), completed_by = 'test' where session_id = $1",
    [session.id],
  );
  await database.query("select leo.complete_exec_session($1, '{}', '{}')", [session.id]);
  return session;
}

/** A company with a venture and an EVA session of its own. */
export async function insertCompany(database: TestDatabase) {
  const company = await insert(database, "public.companies", { name: "'A company'" });
  const venture = await insert(database, "public.ventures", {
    name: "'A venture'",
    company_id: `'${company}'`,
    problem_statement: "'-'",
  });
  const session = await insert(
    database,
    "public.eva_orchestration_sessions",
    { company_id: `'${company}'`, session_type: "'venture_workflow'", created_by: `'${randomUUID()}'` },
    "session_id",
  );
  return { company, venture, session };
}
