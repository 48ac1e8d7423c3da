/** JSON as a text that JSON.stringify would never write. */

/** Text that stands in the place of a value, as it is. */
export class Verbatim {
  constructor(readonly text: string) {}
}

/** An object by its members, in their order: names may come twice. */
export class Members {
  constructor(readonly members: [name: string, value: unknown][]) {}
}

/** The JSON of a value in which Verbatim and Members may occur; what JSON has no word for becomes null. */
export function jsonText(value: unknown): string {
  if (value instanceof Verbatim) return value.text;
  if (value instanceof Members) return membersText(value.members);
  if (Array.isArray(value)) return `[${value.map(jsonText).join(",")}]`;
  if (typeof value === "object" && value !== null) return membersText(Object.entries(value));
  return JSON.stringify(value) ?? "null";
}

function membersText(members: [name: string, value: unknown][]): string {
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${jsonText(value)}`).join(",")}}`;
}
