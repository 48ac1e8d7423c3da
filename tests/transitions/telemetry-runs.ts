import { randomUUID } from "node:crypto";
import type { TestDatabase } from "../support/database.ts";
import type { Row } from "./call-event.ts";

/** A row of telemetry_analysis_runs, as JSON. */
export interface Run extends Row {
  id: string;
  run_id: string;
  status: string;
}

/**
 * Inserts a run as another client would, in any status, and returns it.
 *
 * @param columns over a new run_id; an SQL expression where the value is `{ sql }`
 */
export async function insertRun(database: TestDatabase, columns: Record<string, unknown> = {}): Promise<Run> {
  const given: [string, unknown][] = Object.entries({ run_id: randomUUID(), ...columns });
  const params: unknown[] = [];
  const values = given.map(([, value]) => {
    if (typeof value !== "object" || value === null) params.push(value);
    else if ("sql" in value) return value.sql;
    else params.push(JSON.stringify(value));
    return `$${params.length}`;
  });
  const [row] = await database.query<{ run: Run }>(
    `insert into public.telemetry_analysis_runs as run (${given.map(([name]) => name).join(", ")})
     values (${values.join(", ")}) returning to_jsonb(run) as run`,
    params,
  );
  if (!row) throw new Error("the run was not inserted");
  return row.run;
}

/** A scope that no other test uses. */
export const newScope = () => ({ scope_type: "user", scope_id: randomUUID() });

/** A run as it is now. */
export async function runNow(database: TestDatabase, runId: unknown): Promise<Run> {
  const [row] = await database.query<{ run: Run }>(
    "select to_jsonb(run) as run from public.telemetry_analysis_runs run where run_id = $1",
    [runId],
  );
  if (!row) throw new Error(`there is no run ${runId}`);
  return row.run;
}

/** The runs of a scope, by status and in order of their requests. */
export async function statusesOf(database: TestDatabase, scope: { scope_id: string }): Promise<string[]> {
  const rows = await database.query<{ status: string }>(
    "select status from public.telemetry_analysis_runs where scope_id = $1 order by triggered_at, status",
    [scope.scope_id],
  );
  return rows.map(({ status }) => status);
}
