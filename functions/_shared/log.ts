import { sqlState } from "./database-errors.ts";
import { maskSecrets } from "./mask-secrets.ts";

/** What a request's log line says; no body, header or query, as those can hold secrets. */
export interface LogEntry {
  request_id: string;
  function: string;
  method: string;
  /** The pattern, not the path. */
  route?: string;
  actor?: string;
  event?: string;
  /** The entity's state before and after, as far as known. */
  from?: string;
  to?: string;
  /** The problem's code. */
  code?: string;
  status?: number;
  ms?: number;
  /** What went wrong underneath a 5xx. */
  error?: LogError;
}

/** Enough to find the cause; no stack and no SQL. */
export interface LogError {
  name: string;
  sqlstate?: string;
  message: string;
}

const MAX_MESSAGE_LENGTH = 300;

/** Name, SQLSTATE and masked message of whatever was thrown. */
export function describeError(error: unknown): LogError {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const sqlstate = sqlState(error);
  const short = maskSecrets(message).slice(0, MAX_MESSAGE_LENGTH);
  return sqlstate === undefined ? { name, message: short } : { name, sqlstate, message: short };
}

/** One line of JSON per request. */
export function writeLog(entry: LogEntry): void {
  const write = (entry.status ?? 500) >= 500 ? console.error : console.log;
  write(JSON.stringify({ level: (entry.status ?? 500) >= 500 ? "error" : "info", ...entry }));
}
