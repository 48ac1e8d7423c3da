import type { ColumnFacts, PolicyFacts, TableFacts, TriggerFacts } from "./facts.ts";
import { oneLine } from "./facts.ts";

/** The text between two backticks, which is how the documents quote SQL. */
function unquoted(text: string): string {
  const match = /^`([\s\S]*)`$/.exec(text.trim());
  if (!match?.[1]) throw new Error(`expected text in backticks, found: ${text}`);
  return match[1];
}

/** Splits markdown at headings of one level: what follows each heading, by its text. */
function sections(markdown: string, level: number): Map<string, string> {
  const found = new Map<string, string>();
  for (const part of markdown.split(new RegExp(`^#{${level}} `, "m")).slice(1)) {
    const end = part.indexOf("\n");
    found.set(part.slice(0, end).trim(), part.slice(end + 1));
  }
  return found;
}

function columnFrom(row: string): ColumnFacts {
  const [name, type, nullable, byDefault] = row
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());
  if (!name || !type || !byDefault || (nullable !== "YES" && nullable !== "**NO**")) {
    throw new Error(`cannot read this row of the columns: ${row}`);
  }
  return {
    name,
    type: unquoted(type),
    nullable: nullable === "YES",
    default: byDefault === "-" ? null : unquoted(byDefault),
  };
}

/** `- \`name\`: definition` lines, with the arrow of foreign keys spelled out as PostgreSQL prints it. */
function constraintsFrom(section: string): [string, string][] {
  return [...section.matchAll(/^- `(.+?)`: (.+)$/gm)].map(([, name = "", definition = ""]) => {
    const foreignKey = /^(\S+) → (\w+)\((\w+)\)$/.exec(definition);
    if (!foreignKey) return [name, definition];
    const [, column, table, key] = foreignKey;
    return [name, `FOREIGN KEY (${column}) REFERENCES ${table}(${key})`];
  });
}

function indexesFrom(section: string): [string, string][] {
  return [...section.matchAll(/^- `(.+?)`\n {2}```sql\n([\s\S]*?)\n {2}```/gm)].map(([, name = "", sql = ""]) => [
    name,
    oneLine(sql),
  ]);
}

/** The value of `- **Key**: value`, over several lines where it is in backticks. */
function item(section: string, key: string): string | null {
  const match = new RegExp(`^- \\*\\*${key}\\*\\*: (\`[^\`]*\`|.+)$`, "m").exec(section);
  return match?.[1] ?? null;
}

function policyFrom(heading: string, body: string): [string, PolicyFacts] {
  const title = /^\d+\. (.+) \((ALL|SELECT|INSERT|UPDATE|DELETE)\)$/.exec(heading);
  const roles = item(body, "Roles");
  if (!title?.[1] || !title[2] || !roles) throw new Error(`cannot read this policy: ${heading}`);
  const expression = (key: string) => {
    const quoted = item(body, key);
    return quoted === null ? null : oneLine(unquoted(quoted));
  };
  return [title[1], { command: title[2], roles, using: expression("Using"), withCheck: expression("With Check") }];
}

function triggerFrom(name: string, body: string): [string, TriggerFacts] {
  const timing = item(body, "Timing");
  const action = item(body, "Action");
  if (!timing || !action) throw new Error(`cannot read this trigger: ${name}`);
  return [name, { timing, action: unquoted(action) }];
}

/**
 * Reads one table's document.
 *
 * @returns the table's name and facts
 * @throws Error naming the line that cannot be read, or the count in the document that does not add up
 */
export function readDocument(markdown: string): [table: string, facts: TableFacts] {
  const table = /^# (\w+) Table$/m.exec(markdown)?.[1];
  const rls = /^\*\*RLS\*\*: (Enabled|Disabled)(?: \((\d+) policies\))?$/m.exec(markdown);
  if (!table || !rls) throw new Error("this is no table's document: it has no title or no RLS line");

  const parts = sections(markdown, 2);
  const known = /^(Columns \(\d+ total\)|Constraints|Indexes|RLS Policies|Triggers)$/;
  const unknown = [...parts.keys()].find((heading) => !known.test(heading));
  if (unknown) throw new Error(`${table}: there is a section that nothing reads: ${unknown}`);

  const [columnsHeading = "", columnsBody = ""] = [...parts].find(([heading]) => heading.startsWith("Columns")) ?? [];
  const columns = columnsBody
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .slice(2)
    .map(columnFrom);
  const policies = [...sections(parts.get("RLS Policies") ?? "", 3)].map((policy) => policyFrom(...policy));

  const said = { columns: Number(/\d+/.exec(columnsHeading)?.[0]), policies: Number(rls[2] ?? 0) };
  if (said.columns !== columns.length || said.policies !== policies.length) {
    throw new Error(
      `${table}: the document counts ${said.columns} columns and ${said.policies} policies, ` +
        `read were ${columns.length} and ${policies.length}`,
    );
  }

  const constraints = [...sections(parts.get("Constraints") ?? "", 3).values()].flatMap(constraintsFrom);
  const triggers = [...sections(parts.get("Triggers") ?? "", 3)].map((trigger) => triggerFrom(...trigger));
  return [
    table,
    {
      rls: rls[1] === "Enabled" ? "enabled" : "disabled",
      columns,
      constraints: Object.fromEntries(constraints),
      indexes: Object.fromEntries(indexesFrom(parts.get("Indexes") ?? "")),
      policies: Object.fromEntries(policies),
      triggers: Object.fromEntries(triggers),
    },
  ];
}
