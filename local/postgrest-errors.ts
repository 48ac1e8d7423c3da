import { inspect } from "node:util";

/** What a PostgreSQL error carries that a client may see. */
interface DatabaseError extends Error {
  code: string;
  detail?: string;
  hint?: string;
}

/** Errors that the local Data API already answers as PostgREST does. */
const answeredAlready = /^(PT|PGRST$|21|22|23502|23503|23505|25006|42)/;

/** PostgREST's HTTP status by SQLSTATE or its class, from the table in its manual; everything else is 400. */
const statusByCode: [pattern: RegExp, status: number][] = [
  [/^08/, 503],
  [/^(0L|0P|28)/, 403],
  [/^53400/, 500],
  [/^53/, 503],
  [/^P0001/, 400],
  [/^(09|25|2D|38|39|3B|40|54|55|57|58|F0|HV|P0|XX)/, 500],
];

function isDatabaseError(error: unknown): error is DatabaseError {
  return (
    error instanceof Error &&
    typeof (error as DatabaseError).code === "string" &&
    /^[0-9A-Z]{5}$/.test((error as DatabaseError).code)
  );
}

/**
 * Makes the local Data API answer a database error with PostgREST's status and body where it would not by
 * itself (a violated check is 400 with its SQLSTATE, not 500), and print one line instead of the failing row.
 */
export function postgrestError(error: unknown): unknown {
  if (!isDatabaseError(error)) return error;
  const line = `Data API: ${error.code} ${error.message}`;
  let answered: Error = error;
  if (!answeredAlready.test(error.code)) {
    const status = statusByCode.find(([pattern]) => pattern.test(error.code))?.[1] ?? 400;
    const body = { code: error.code, message: error.message, details: error.detail, hint: error.hint };
    // The form in which PostgREST itself lets SQL choose status and body.
    answered = Object.assign(new Error(JSON.stringify(body)), {
      code: "PGRST",
      detail: JSON.stringify({ status, headers: {} }),
    });
  }
  Object.defineProperty(answered, inspect.custom, { value: () => line });
  return answered;
}
