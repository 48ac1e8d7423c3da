/** The functions' way to the database: one statement, one round trip, one jsonb value. */

import { Connection } from "./connection.ts";
import { ConnectionPool, type PoolFigures } from "./connection-pool.ts";
import { databaseProblem, type Phase } from "./database-errors.ts";
import { databaseSettings } from "./environment.ts";

let shared: ConnectionPool<Connection> | undefined;

/** One pool for the whole worker, made when it is first needed. */
function connections(): ConnectionPool<Connection> {
  if (!shared) {
    const settings = databaseSettings();
    shared = new ConnectionPool({
      size: settings.poolSize,
      open: () => Connection.open(settings),
      acquireTimeoutMs: settings.acquireTimeoutMs,
      idleTimeoutMs: settings.idleTimeoutMs,
    });
  }
  return shared;
}

/** What a call may ask for beside its statement. */
export interface CallOptions {
  /**
   * Whole milliseconds, at least 1, that the server gives the statement instead of LEO_DB_STATEMENT_TIMEOUT_MS.
   * Costs three round trips more: only for work that takes its time.
   */
  timeoutMs?: number | undefined;
  /** Milliseconds in which the statement has to be begun, or it is not. */
  beginWithinMs?: number | undefined;
  /** Fires when the caller goes away: a statement that is not begun by then is not. */
  signal?: AbortSignal | undefined;
}

/**
 * Runs one statement that returns one row with one jsonb column, and returns its value.
 *
 * Nothing is sent twice: a statement whose answer was lost may have been carried out.
 *
 * @param text SQL with $1, $2, …; cast the parameters there
 * @param args text or null only: JSON as text
 * @throws Problem `database_unavailable`, `overloaded`; the driver's error for a mistake of ours
 */
export async function callJson(
  text: string,
  args: (string | null)[] = [],
  { timeoutMs, beginWithinMs, signal }: CallOptions = {},
): Promise<unknown> {
  const pool = connections();
  let phase: Phase = "connect";
  try {
    const connection = await pool.acquire({ withinMs: beginWithinMs, signal });
    phase = "query";
    try {
      if (timeoutMs === undefined) return await connection.callJson(text, args);
      return await connection.callJsonWithin(timeoutMs, text, args);
    } finally {
      if (connection.broken) pool.discard(connection);
      else pool.release(connection);
    }
  } catch (error) {
    throw databaseProblem(error, phase) ?? error;
  }
}

/** What the connections of this worker are doing. */
export function poolFigures(): PoolFigures {
  return connections().figures();
}

/** Closes the connections; for a server that ends in an orderly way. */
export function closeDatabase(): void {
  shared?.close();
}

/** Closes the connections under the statements that still run, whose callers then hear that it is not known. */
export function cutDatabase(): void {
  shared?.cut();
}
