/** JSON as people write it: in one line where it fits. */

const LINE_LENGTH = 108;

/** Key of a remark that is shown as the last line of an object; a reader of such a text has to know comments. */
export const remark = Symbol("remark");

/** A value as text whose further lines are indented like the line that it begins in. */
export function jsonText(value: unknown, indent = ""): string {
  if (!hasRemark(value)) {
    const line = inLine(value);
    if (indent.length + line.length <= LINE_LENGTH) return line;
  }
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    return `[\n${value.map((item) => `${inner}${jsonText(item, inner)}`).join(",\n")}\n${indent}]`;
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([name, member]) => `${inner}${JSON.stringify(name)}: ${jsonText(member, inner)}`,
  );
  const note = (value as { [remark]?: string })[remark];
  return `{\n${members.join(",\n")}${note === undefined ? "" : `\n${inner}// ${note}`}\n${indent}}`;
}

function hasRemark(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return remark in value || Object.values(value).some(hasRemark);
}

/** JSON in one line with a space after each comma and colon. */
function inLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inLine).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}: ${inLine(member)}`);
  return `{${members.join(", ")}}`;
}
