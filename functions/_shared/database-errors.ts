import { PoolExhausted } from "./connection-pool.ts";
import { Problem } from "./problem.ts";
import { TimeLimitExceeded } from "./time-limit.ts";

/** Before the statement was sent nothing can have happened; after it, it may have been carried out. */
export type Phase = "connect" | "query";

const OUTCOME_UNKNOWN = "The connection was lost before the answer came: read the row before you try again.";
const NOTHING_CHANGED = "Nothing was changed; try again shortly.";

/** The SQLSTATE of an error of the server, as both drivers carry it. */
export function sqlState(error: unknown): string | undefined {
  const fields = (error as { fields?: { code?: unknown } } | null)?.fields;
  return typeof fields?.code === "string" ? fields.code : undefined;
}

/**
 * True where the connection is of no use any more: anything but an answer of the server, and answers with which
 * the server ends a session. (Drivers name lost connections variously: ConnectionError, BrokenPipe, TypeError.)
 */
export function breaksConnection(error: unknown): boolean {
  const state = sqlState(error);
  return state === undefined || state.startsWith("08") || state.startsWith("57P");
}

/**
 * The problem that a database error is for a caller; undefined for one that is our own mistake.
 *
 * 503 `overloaded`: every connection busy, too many connections, a statement or a lock that took too long, a
 * deadlock: the server has undone it. 503 `database_unavailable`: everything else that keeps us from an answer.
 */
export function databaseProblem(error: unknown, phase: Phase): Problem | undefined {
  if (error instanceof PoolExhausted) return overloaded(error);
  if (error instanceof TimeLimitExceeded) return unavailable(error, phase);
  const state = sqlState(error);
  if (state === undefined) return unavailable(error, phase);
  if (/^(53|40001$|40P01$|55P03$|57014$)/.test(state)) return overloaded(error);
  // 25006: read only, as a replica or a database out of disk space is. 57P01 to 57P05: the server ends sessions.
  if (phase === "connect" || /^(08|57P|25006$)/.test(state)) {
    return unavailable(error, /^25006$/.test(state) ? "connect" : phase);
  }
  return undefined;
}

function overloaded(cause: unknown): Problem {
  return new Problem("overloaded", NOTHING_CHANGED, { headers: { "retry-after": "1" }, cause });
}

function unavailable(cause: unknown, phase: Phase): Problem {
  const detail = phase === "connect" ? NOTHING_CHANGED : OUTCOME_UNKNOWN;
  return new Problem("database_unavailable", detail, { headers: { "retry-after": "2" }, cause });
}
