/**
 * Run by Deno, the only one who can load the functions: prints as JSON what each function answers, with
 * whether the table of operations has it too, with the same callers, event and contract, and the other way round.
 */
import type { EdgeFunction } from "../../functions/_shared/edge-function.ts";
import { requestTimeoutMs } from "../../functions/_shared/environment.ts";
import { limitsOf } from "../../types/client/limits.ts";
import { operations } from "../../types/contracts/operations.ts";

// The limits of the functions are asked for as they are by default.
Deno.env.set("SUPABASE_DB_URL", "postgresql://postgres@127.0.0.1/postgres");

const declared: Record<string, { callers: string; event: string | undefined; request: unknown; timeoutMs: number }> =
  {};
for (const name of Deno.args) {
  const url = new URL(`../../functions/${name}/index.ts`, import.meta.url);
  const { definition } = (await import(url.href)).default as EdgeFunction;
  for (const [route, { event, request, timeoutMs = requestTimeoutMs() }] of Object.entries(definition.routes)) {
    declared[`${name} ${route}`] = { callers: definition.callers, event, request, timeoutMs };
  }
}
const listed = Object.fromEntries(
  operations.map(({ function: name, method, path, callers, event, request }) => [
    `${name} ${method} ${path}`,
    { callers, event, request },
  ]),
);

console.log(
  JSON.stringify({
    declared: Object.keys(declared).sort(),
    listed: Object.keys(listed).sort(),
    otherCallers: Object.keys(listed).filter((route) => listed[route]?.callers !== declared[route]?.callers),
    otherEvents: Object.keys(listed).filter((route) => listed[route]?.event !== declared[route]?.event),
    // What the client gives up before the function has answered; a call has time for more than one attempt.
    givenUp: operations
      .filter(({ function: name, method, path }) => {
        const { attemptTimeoutMs, timeoutMs } = limitsOf(`${method} /${name}${path === "/" ? "" : path}`);
        const takes = declared[`${name} ${method} ${path}`]?.timeoutMs ?? Number.POSITIVE_INFINITY;
        return attemptTimeoutMs <= takes || timeoutMs <= attemptTimeoutMs;
      })
      .map(({ name }) => name),
    otherContracts: Object.keys(listed).filter((route) => listed[route]?.request !== declared[route]?.request),
  }),
);
