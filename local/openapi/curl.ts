/** An example as a command. */

import type { Operation } from "../../types/contracts/operations.ts";
import { type Example, exampleRows } from "./examples.ts";
import { jsonText } from "./json-text.ts";

/**
 * The request as a command for a shell that has SUPABASE_URL, SECRET_KEY and, where there is an id in the path or of
 * another row in the body, a variable such as SESSION_ID; ATTEMPT where the request is fenced by it.
 */
export function curlOf(operation: Operation, { headers = {}, body }: Example): string {
  const { method, callers } = operation;
  const given = Object.entries(headers).map(([name, value]) => `-H ${withVariables(quoted(`${name}: ${value}`))}`);
  const credential = callers === "anyone" ? [] : ['-H "apikey: $SECRET_KEY"'];
  const typed = body === undefined ? [] : ["-H 'content-type: application/json'"];
  const first = [...credential, ...typed].join(" ");
  const lines = [
    `curl -s ${methodOption(method, body !== undefined)}"$SUPABASE_URL/functions/v1/${pathOf(operation)}"`,
    ...(first === "" ? [] : [first]),
    ...(given.length === 0 ? [] : [given.join(" ")]),
    ...(body === undefined ? [] : [`-d ${withVariables(quoted(jsonText(body, "  ")))}`]),
  ];
  return lines.join(" \\\n  ");
}

/** curl sends POST where there is a body, else GET. */
function methodOption(method: string, hasBody: boolean): string {
  return method === (hasBody ? "POST" : "GET") ? "" : `-X ${method} `;
}

function pathOf({ function: folder, path, machine }: Operation): string {
  const variable = machine === undefined ? "" : exampleRows[machine].variable;
  return `${folder}${path === "/" ? "" : path.replace(/:\w+/, `$${variable}`)}`;
}

/** What the reader's own rows have in the place of the example's; the quotes end before each, and begin again. */
function withVariables(text: string): string {
  const attempt = text.replace(/"attempt": \d+/, "\"attempt\": '$ATTEMPT'");
  return Object.values(exampleRows).reduce((sum, { id, variable }) => sum.replaceAll(id, `'$${variable}'`), attempt);
}

function quoted(text: string): string {
  if (text.includes("'")) throw new Error(`an example with a quote in it does not fit into a command: ${text}`);
  return `'${text}'`;
}
