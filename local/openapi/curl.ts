/** An example as a command. */

import type { Operation } from "../../types/contracts/operations.ts";
import { type Example, exampleRows } from "./examples.ts";

/** Room for a body in a line of the page, after `  -d '` and before `'`. */
const LINE_LENGTH = 110;

/**
 * The request as a command for a shell that has SUPABASE_URL, SECRET_KEY and, where there is an id in the path, a
 * variable such as SESSION_ID.
 */
export function curlOf(operation: Operation, { headers = {}, body }: Example): string {
  const { method, callers } = operation;
  const given = Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`);
  const credential = callers === "anyone" ? [] : ['-H "apikey: $SECRET_KEY"'];
  const typed = body === undefined ? [] : ["-H 'content-type: application/json'"];
  const first = [...credential, ...typed].join(" ");
  const lines = [
    `curl -s ${methodOption(method, body !== undefined)}"$SUPABASE_URL/functions/v1/${pathOf(operation)}"`,
    ...(first === "" ? [] : [first]),
    ...(given.length === 0 ? [] : [given.join(" ")]),
    ...(body === undefined ? [] : [`-d ${quoted(jsonText(body))}`]),
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

/** A body in one line where that is short enough. */
export function jsonText(value: unknown): string {
  const line = inLine(value);
  return line.length <= LINE_LENGTH ? line : JSON.stringify(value, null, 2);
}

/** JSON in one line with a space after each comma and colon. */
function inLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inLine).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}: ${inLine(member)}`);
  return `{${members.join(", ")}}`;
}

function quoted(text: string): string {
  if (text.includes("'")) throw new Error(`an example with a quote in it does not fit into a command: ${text}`);
  return `'${text}'`;
}
