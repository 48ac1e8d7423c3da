import { fill, filledText } from "./columns.ts";

/** A row of `leo.doctor()`: entity_id and fix are null in the row that counts the rest of a problem. */
export interface Finding {
  problem: string;
  table_name: string;
  entity_id: string | null;
  detail: string;
  /** Null too where somebody has to decide. */
  fix: string | null;
}

/** Takes what a terminal would obey out of text that comes from rows. */
const harmless = (text: string) => text.replace(/[^\P{Cc}\n]|[\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, "�");

/** The same statements, broken only where white space means nothing: not within quotes. */
function filledSql(sql: string, indent: string): string[] {
  return (sql.match(/(?:'[^']*'|[^'\n])+/g) ?? []).flatMap((statement) => {
    const words = statement.match(/(?:'[^']*'|[^'\s])+/g) ?? [];
    return words.length === 0 ? [] : fill(words, indent, `${indent}  `);
  });
}

/** Groups neighbours with the same key, in order. */
function grouped<T>(items: T[], key: (item: T) => string | null): T[][] {
  const groups: T[][] = [];
  for (const item of items) {
    const group = groups.at(-1);
    if (group?.[0] !== undefined && key(group[0]) === key(item)) group.push(item);
    else groups.push([item]);
  }
  return groups;
}

const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? "" : "s"}`;

const restOf = ({ detail }: Finding) => Number(/^and (\d+) more$/.exec(detail)?.[1] ?? 0);

/** Whether colours are for a person at a terminal, who has not asked to be spared them. */
export function wantsColours(stream: { isTTY?: boolean }, environment: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && !environment.NO_COLOR && environment.TERM !== "dumb";
}

/**
 * The findings as a page to read, at most 80 columns wide but for what must not be broken, such as a long literal.
 *
 * @param isColoured with ANSI colours
 */
export function doctorReport(findings: Finding[], isColoured: boolean): string {
  const paint = (code: number, text: string) => (isColoured ? `\u001b[${code}m${text}\u001b[0m` : text);
  if (findings.length === 0) return `${paint(32, "Nothing found:")} no row is stuck, orphaned or contradictory.\n`;

  const problems = grouped(findings, ({ problem, table_name }) => `${problem} ${table_name}`);
  let total = 0;
  const sections = problems.map((problem) => {
    const named = problem.filter(({ entity_id }) => entity_id !== null);
    const rest = problem.filter(({ entity_id }) => entity_id === null);
    const size = named.length + rest.reduce((sum, row) => sum + restOf(row), 0);
    total += size;
    const [{ problem: name, table_name }] = problem as [Finding, ...Finding[]];
    const lines = [`${paint(31, paint(1, name))}  ${table_name}, ${count(size, "row")}`];
    for (const rows of grouped(named, ({ fix }) => fix)) {
      for (const { entity_id, detail } of rows) {
        lines.push(`  ${harmless(entity_id ?? "")}`, ...filledText(harmless(detail), "    "));
      }
      const fix = rows[0]?.fix;
      if (fix == null) lines.push("    no statement to offer: this is for you to decide");
      else lines.push(...filledSql(harmless(fix), "      ").map((line) => paint(36, line)));
    }
    lines.push(...rest.map(({ detail }) => `  ${detail}; --rows names as many as you like`));
    return lines.join("\n");
  });
  const are = total === 1 ? "is" : "are";
  return [
    ...sections,
    [
      paint(1, `There ${are} ${count(total, "row")} to look at, of ${count(problems.length, "problem")}.`),
      ...filledText(
        "Run the statements that you agree with as role postgres (psql, SQL editor); one that comes too late changes " +
          "nothing. Then look again: behind one problem there may be another.",
        "",
      ),
    ].join("\n"),
    "",
  ].join("\n\n");
}
