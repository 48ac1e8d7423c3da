import { COLUMNS } from "./columns.ts";

/** What a call printed into a terminal begins its lines with, after the first one. */
const INDENT = "    ";

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** An object as JSON, broken between its members where it would be too wide. */
function jsonInLines(value: object, width: number): string {
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}: ${JSON.stringify(member)}`);
  const lines: string[] = [];
  for (const member of members) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 2 + member.length < width) lines[lines.length - 1] = `${last}, ${member}`;
    else lines.push(member);
  }
  return `{${lines.join(`,\n${INDENT} `)}}`;
}

export interface ShellCall {
  url: string;
  headers?: Record<string, string>;
  /** Sent as JSON. */
  body?: object;
  /** What is asked for, `name=value`. */
  query?: string[];
}

/** A call by curl to copy into a shell, in lines of at most 80 columns; its answer ends with a line break. */
export function shellCall({ url, headers = {}, body, query = [] }: ShellCall): string {
  const program = `curl -sw '\\n'${query.length > 0 ? " -G" : ""}`;
  // Beside the program where there is room, also for what a reader may put before and after it.
  const start = `${program} ${shellQuoted(url)}`;
  const parts = start.length <= COLUMNS - 3 * INDENT.length ? [start] : [program, shellQuoted(url)];
  // In double quotes, so that a header can hold a variable of the shell.
  for (const [name, value] of Object.entries(headers)) parts.push(`-H "${name}: ${value}"`);
  for (const asked of query) parts.push(`-d ${shellQuoted(asked)}`);
  if (body !== undefined) {
    parts.push("-H 'content-type: application/json'");
    parts.push(`-d ${shellQuoted(jsonInLines(body, COLUMNS - 3 * INDENT.length))}`);
  }
  return parts.join(` \\\n${INDENT}`);
}
