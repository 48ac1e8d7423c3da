import type pg from "pg";
import { createDirective } from "../functions/support/directives.ts";
import type { TestDatabase } from "../support/database.ts";

/** What an event function answers: the new state, or a refusal with its code and fields. */
export interface Answer {
  session?: { id: string; sd_id: string; status: string; attempt: number; [column: string]: unknown };
  checkpoints?: { checkpoint_name: string; [column: string]: unknown }[];
  attempt?: number;
  from?: string;
  refusal?: { code: string; [field: string]: unknown };
}

/** Who a test says it is. */
export const context = { actor: "secret:test", event: "test", request_id: "request-1" };

type Connection = TestDatabase | pg.ClientBase;

async function answer(connection: Connection, sql: string, params: unknown[]): Promise<Answer> {
  const rows: { answer: Answer }[] =
    "drop" in connection ? await connection.query(sql, params) : (await connection.query(sql, params)).rows;
  const [row] = rows;
  if (!row) throw new Error("the event function returned nothing");
  return row.answer;
}

/** Calls the event `start`. */
export function start(connection: Connection, request: Record<string, unknown>): Promise<Answer> {
  return answer(connection, "select leo.start_exec_session($1, $2) as answer", [request, context]);
}

/** Calls the event `complete`. */
export function complete(connection: Connection, id: string, request: object = {}): Promise<Answer> {
  return answer(connection, "select leo.complete_exec_session($1, $2, $3) as answer", [id, request, context]);
}

/** Starts a session of a directive of its own and returns both ids. */
export async function startedSession(
  database: TestDatabase,
  request: Record<string, unknown> = { implementation_type: "GENERAL_FEATURE" },
): Promise<{ sdId: string; id: string }> {
  const sdId = await createDirective(database);
  const { session } = await start(database, { sd_id: sdId, ...request });
  if (!session) throw new Error("the session was not started");
  return { sdId, id: session.id };
}

/**
 * Resolves once the work of a connection waits for a lock that another one holds, so that what a test does next
 * happens meanwhile.
 *
 * @param pid of the waiting connection, see `pidOf`; without one, any of this database
 * @throws Error if it does not come to that within ten seconds
 */
export async function untilBlocked(database: TestDatabase, pid?: number): Promise<void> {
  const giveUpAt = performance.now() + 10_000;
  while (performance.now() < giveUpAt) {
    const blocked = await database.query(
      `select from pg_stat_activity
       where datname = current_database() and pid = coalesce($1, pid) and cardinality(pg_blocking_pids(pid)) > 0`,
      [pid ?? null],
    );
    if (blocked.length > 0) return;
  }
  throw new Error(pid === undefined ? "nobody waits for a lock" : `process ${pid} waits for nobody`);
}

/** The process that serves a connection. */
export async function pidOf(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query("select pg_backend_pid() as pid");
  return rows[0].pid;
}
