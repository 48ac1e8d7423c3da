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
  /** True where the answer is that of an earlier request with the same idempotency key. */
  replayed?: boolean;
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

/** How much of a message is masked: the time that a mask takes can grow with the square of the length. */
const MAX_MASKED_LENGTH = 4_000;

/** Name, SQLSTATE and masked message of whatever was thrown. */
export function describeError(error: unknown): LogError {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const sqlstate = sqlState(error);
  const short = maskSecrets(message.slice(0, MAX_MASKED_LENGTH)).slice(0, MAX_MESSAGE_LENGTH);
  return sqlstate === undefined ? { name, message: short } : { name, sqlstate, message: short };
}

/** The states before and after, as far as a transition's result (an answer or a refusal) tells them. */
export function statesOf(result: unknown): Pick<LogEntry, "from" | "to"> {
  const { from, refusal, ...answer } = (result ?? {}) as Record<string, Record<string, unknown> | undefined>;
  const { session, checkpoint, handoff, run, generation } = answer;
  const entity = session ?? handoff ?? run ?? generation;
  const states: Record<"from" | "to", unknown> = {
    from: from ?? refusal?.current,
    to:
      entity?.status ?? entity?.handoff_status ?? (checkpoint && (checkpoint.is_complete ? "complete" : "incomplete")),
  };
  return Object.fromEntries(Object.entries(states).filter(([, state]) => typeof state === "string"));
}

/** One line of JSON per request. */
export function writeLog(entry: LogEntry): void {
  const write = (entry.status ?? 500) >= 500 ? console.error : console.log;
  write(JSON.stringify({ level: (entry.status ?? 500) >= 500 ? "error" : "info", ...entry }));
}
