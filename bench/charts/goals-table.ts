import { readFile, writeFile } from "node:fs/promises";
import { benches } from "../benches/index.ts";
import { inWords, range } from "../harness/report.ts";
import { type StoredResult, stored } from "../harness/results.ts";
import type { GoalResult } from "../harness/runner.ts";

const begin = "<!-- goals, written by: npm run bench -- --charts -->";
const end = "<!-- end of goals -->";

type Results = Record<string, StoredResult>;

const same = (goal: GoalResult) => (other: GoalResult) => inWords(other).subject === inWords(goal).subject;

function row(bench: string, goal: GoalResult, again: Results): string {
  const { subject, bound } = inWords(goal);
  const second = again[bench]?.goals.find(same(goal));
  const verdict = second && second.met !== goal.met ? "one run of two" : goal.met ? "yes" : "**no**";
  const cells = [bench, subject, bound, range(goal), second ? range(second) : "", verdict];
  return `| ${cells.join(" | ")} |\n`;
}

/** Each goal as a line of a Markdown table, with what two runs reached. */
export function goalsTable(results: Results, again: Results): string {
  const lines = benches.flatMap(({ name }) => {
    const goals = results[name]?.goals;
    return goals ? goals.map((goal) => row(name, goal, again)) : [`| ${name} | | | not measured | | **no** |\n`];
  });
  return ["| bench | what | goal | one run | the same again | met |\n", "|---|---|---|---|---|---|\n", ...lines].join(
    "",
  );
}

/**
 * Puts the table between its two marks in a Markdown file.
 *
 * @param againFile results of a second run, if there is that file
 * @throws Error where the file has no marks
 */
export async function writeGoals(resultsFile: string, againFile: string, document: string): Promise<void> {
  const again = await stored(againFile).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return {};
    throw error;
  });
  const text = await readFile(document, "utf8");
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${document} has no place for the goals: ${begin} … ${end}`);
  const before = text.slice(0, from + begin.length);
  await writeFile(document, `${before}\n\n${goalsTable(await stored(resultsFile), again)}\n${text.slice(to)}`);
}
