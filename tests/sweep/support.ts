import type { TestDatabase } from "../support/database.ts";
import { callEvent } from "../transitions/call-event.ts";
import { startedSession } from "../transitions/events.ts";

type Connection = Parameters<typeof callEvent>[0];

/** What a sweep answers: how many of each kind. */
export interface Swept {
  telemetry_runs_timed_out: number;
  okr_generations_failed: number;
  sessions_paused: number;
  idempotency_keys_deleted: number;
  skipped: number;
}

export async function sweep(connection: Connection, request: object = {}): Promise<Swept> {
  return (await callEvent(connection, "sweep", { request })) as unknown as Swept;
}

/** Makes the last sign of life of a session as old, e.g. "25 hours". */
export async function silence(database: TestDatabase, id: string, age = "25 hours"): Promise<void> {
  await database.query(
    `update public.exec_implementation_sessions set updated_at = now() - $2::interval where id = $1`,
    [id, age],
  );
}

/** An active session that nobody has worked on for a day and an hour. */
export async function silentSession(database: TestDatabase): Promise<{ id: string; sdId: string }> {
  const session = await startedSession(database);
  await silence(database, session.id);
  return session;
}

/** The status of a session, and how often it became active. */
export async function sessionNow(database: TestDatabase, id: string): Promise<{ status: string; attempt: number }> {
  const [row] = await database.query<{ status: string; attempt: number }>(
    "select status, attempt from public.exec_implementation_sessions where id = $1",
    [id],
  );
  if (!row) throw new Error(`there is no session ${id}`);
  return row;
}
