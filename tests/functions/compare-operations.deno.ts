/**
 * Run by Deno, the only one who can load the functions: prints as JSON what each function answers, with
 * whether the table of operations has it too, with the same callers, event and contract, and the other way round.
 */
import type { EdgeFunction } from "../../functions/_shared/edge-function.ts";
import { operations } from "../../types/contracts/operations.ts";

const declared: Record<string, { callers: string; event: string | undefined; request: unknown }> = {};
for (const name of Deno.args) {
  const url = new URL(`../../functions/${name}/index.ts`, import.meta.url);
  const { definition } = (await import(url.href)).default as EdgeFunction;
  for (const [route, { event, request }] of Object.entries(definition.routes)) {
    declared[`${name} ${route}`] = { callers: definition.callers, event, request };
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
    otherContracts: Object.keys(listed).filter((route) => listed[route]?.request !== declared[route]?.request),
  }),
);
