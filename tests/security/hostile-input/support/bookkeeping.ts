/** Requests and responses compared with what the database and the log have to say about them. */

import { vi } from "vitest";
import type { Arena, Exchange } from "./arena.ts";
import { shownExchange } from "./shown.ts";

interface LogLine {
  level: string;
  request_id: string;
  status: number;
}

/**
 * Fails where a refused request has changed a row, where nobody knows who has, and where the log has not exactly one
 * line for each request.
 */
export async function settle(arena: Arena, exchanges: Exchange[]): Promise<void> {
  const byId = new Map(exchanges.map((exchange) => [String(exchange.answer.headers["x-request-id"]), exchange]));
  const changes = await arena.audit.take();
  for (const { relation, operation, requestId } of changes) {
    const exchange = byId.get(requestId);
    const what = `${operation} of ${relation} by request ${JSON.stringify(requestId)}`;
    if (!exchange) throw new Error(`${what}, which was not made here`);
    if (exchange.answer.status >= 300) throw new Error(`${what}, which was refused\n${shownExchange(exchange)}`);
  }
  await compareWithLog(arena, byId);
  arena.tally.requests += exchanges.length;
  arena.tally.accepted += exchanges.filter(({ answer }) => answer.status < 300).length;
  arena.tally.changes += changes.length;
}

async function compareWithLog(arena: Arena, byId: Map<string, Exchange>): Promise<void> {
  const { functionsLog } = arena.stack;
  const expected = new Map(byId);
  // The lines come through a pipe, later than the responses.
  await vi.waitUntil(
    () => {
      for (const text of functionsLog.splice(0)) {
        const line = logLine(text);
        const exchange = byId.get(line.request_id);
        if (!exchange) continue;
        if (!expected.delete(line.request_id)) throw new Error(`a second log line for one request: ${text}`);
        if (line.status !== exchange.answer.status) throw new Error(`logged as ${text}\n${shownExchange(exchange)}`);
      }
      return expected.size === 0;
    },
    { timeout: 60_000, interval: 10 },
  );
}

/** A line that is no JSON, such as one of a stack, or that speaks of an error, is one too many. */
function logLine(text: string): LogLine {
  let line: LogLine | undefined;
  try {
    line = JSON.parse(text);
  } catch {
    // Shown below.
  }
  if (line?.level !== "info" || !line.request_id) throw new Error(`in the functions' log: ${text.slice(0, 500)}`);
  return line;
}
