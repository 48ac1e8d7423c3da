import { randomUUID } from "node:crypto";
import type { TestDatabase } from "../../support/database.ts";

/** Makes a strategic directive and returns its id. */
export async function createDirective(database: Pick<TestDatabase, "query">): Promise<string> {
  const id = `SD-${randomUUID().slice(0, 18)}`;
  await database.query(
    `insert into public.strategic_directives_v2
       (id, title, status, category, priority, description, rationale, scope, sequence_rank, sd_key, current_phase)
     values ($1, 'A directive', 'active', 'infrastructure', 'high', '-', '-', '-', 1, $2, 'EXEC_IMPLEMENTATION')`,
    [id, id],
  );
  return id;
}

/** Completes every checkpoint of a session, each with the same score. */
export async function completeCheckpoints(database: TestDatabase, sessionId: string, score: number): Promise<void> {
  await database.query(
    "update public.exec_quality_checkpoints set is_complete = true, score = $2 where session_id = $1",
    [sessionId, score],
  );
}
