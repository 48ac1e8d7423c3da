/** What the doctor is shown: a row that is wrong, and what is said of it. */

import type { TestDatabase } from "../../support/database.ts";
import { insert } from "../support.ts";

export interface Problem {
  problem: string;
  table: string;
  /** What about it is different from another entry of the same problem. */
  variant?: string;
  /** Makes it, and returns the rows that the doctor has to name. */
  plant(database: TestDatabase): Promise<string[]>;
  /** Of the detail. */
  says: RegExp;
}

export const runs = "telemetry_analysis_runs";
export const generations = "okr_generation_log";
export const sessions = "exec_implementation_sessions";
export const checkpoints = "exec_quality_checkpoints";
export const handoffs = "exec_handoff_preparations";
export const metrics = "orchestration_metrics";

/** Further than any clock can be. */
export const farAhead = "now() + interval '25 hours'";

export const insertSession = (
  database: TestDatabase,
  sdId: string,
  status: string,
  values: Record<string, string> = {},
): Promise<string> =>
  insert(database, `public.${sessions}`, {
    sd_id: `'${sdId}'`,
    implementation_type: "'UI_COMPONENT'",
    status: `'${status}'`,
    ...values,
  });

export const insertHandoff = async (database: TestDatabase, sessionId: string, values: Record<string, string> = {}) =>
  insert(database, `public.${handoffs}`, {
    session_id: `'${sessionId}'`,
    sd_id: `(select sd_id from public.${sessions} where id = '${sessionId}')`,
    implementation_summary: "'Done.'",
    ...values,
  });
