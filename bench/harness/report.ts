import { COLUMNS, fill } from "../../local/columns.ts";
import type { Goal } from "./bench.ts";
import type { BenchResult, GoalResult } from "./runner.ts";
import type { Spread } from "./stats.ts";

/** A number with three significant digits, thousands apart. */
function short(value: number): string {
  const text = Math.abs(value) >= 100 ? value.toFixed(0) : value === 0 ? "0" : String(Number(value.toPrecision(3)));
  return text.replace(/\B(?=(\d{3})+$)/g, (gap, _digits, _offset, whole) => (whole.includes(".") ? gap : " "));
}

/** The median, and the least and greatest of the rounds in brackets. */
export const range = ({ median, min, max }: Spread) => `${short(median)} (${short(min)}–${short(max)})`;

/** Words in lines of at most 80 columns, each after `indent`. */
export function wrapped(text: string, indent: string): string {
  return fill(text.split(" "), indent, indent)
    .map((line) => `${line}\n`)
    .join("");
}

/** What a goal is about, and its bound, such as `p50, this ÷ that` and `≤ 2`. */
export function inWords({ figure, contender, against, atMost, atLeast }: Goal): { subject: string; bound: string } {
  return {
    subject: `${figure}, ${against === undefined ? contender : `${contender} ÷ ${against}`}`,
    bound: atMost === atLeast ? `= ${atMost}` : atMost === undefined ? `≥ ${atLeast}` : `≤ ${atMost}`,
  };
}

function goalLine(goal: GoalResult): string {
  const { subject, bound } = inWords(goal);
  return wrapped(`${goal.met ? "met    " : "NOT MET"}  ${subject}: ${range(goal)}, goal ${bound}`, "  ");
}

/** One bench as a table: median of the rounds, least and greatest in brackets. */
export function table(result: BenchResult): string {
  const figures = Object.entries(result.contenders[0]?.figures ?? {});
  const header = ["", ...figures.map(([figure, { unit }]) => `${figure} ${unit}`), "done"];
  const rows = result.contenders.map(({ name, done, figures }) => [
    name,
    ...Object.values(figures).map(range),
    short(done),
  ]);
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const line = (cells: string[]) =>
    `  ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join("  ")}\n`;
  // Too wide: below each other instead of beside each other.
  const list = ([name, ...cells]: string[]) =>
    [`  ${name}\n`, ...cells.map((cell, index) => `    ${(header[index + 1] ?? "").padEnd(20)} ${cell}\n`)].join("");
  const isWide = line(header).trimEnd().length > COLUMNS;
  return [
    `\n${result.name}\n`,
    wrapped(result.question, "  "),
    wrapped(`${result.how} Rounds: ${result.rounds}.`, "  "),
    "\n",
    ...(isWide ? rows.map(list) : [header, ...rows].map(line)),
    "\n",
    ...result.goals.map(goalLine),
  ].join("");
}
