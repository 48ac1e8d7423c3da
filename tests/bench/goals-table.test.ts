import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { goalsTable, writeGoals } from "../../bench/charts/goals-table.ts";
import type { StoredResult } from "../../bench/harness/results.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "leo-goals-"));
});
afterAll(() => rm(folder, { recursive: true }));

const result = (median: number, met: boolean) =>
  ({
    goals: [{ figure: "p50", contender: "ours", against: "theirs", atMost: 2, median, min: 1, max: 3, met }],
  }) as unknown as StoredResult;

test("a goal stands with what both runs reached", () => {
  expect(goalsTable({ history: result(1.5, true) }, { history: result(1.75, true) })).toContain(
    "| history | p50, ours ÷ theirs | ≤ 2 | 1.5 (1–3) | 1.75 (1–3) | yes |\n",
  );
});

test("a goal that one run missed is not called met", () => {
  expect(goalsTable({ history: result(2.5, false) }, { history: result(1.75, true) })).toContain("| one run of two |");
  expect(goalsTable({ history: result(2.5, false) }, {})).toContain("|  | **no** |");
});

test("a bench without results is not left out", () => {
  expect(goalsTable({}, {})).toContain("| queue-1 | | | not measured | | **no** |");
});

test("the table takes the place of the former one, and nothing else changes", async () => {
  const [results, document] = [join(folder, "latest.json"), join(folder, "performance.md")];
  await writeFile(results, JSON.stringify({ history: result(1.5, true) }));
  const marks = ["<!-- goals, written by: npm run bench -- --charts -->", "<!-- end of goals -->"];
  await writeFile(document, `before\n${marks[0]}\nold\n${marks[1]}\nafter\n`);
  await writeGoals(results, join(folder, "none.json"), document);
  const text = await readFile(document, "utf8");
  expect(text).toMatch(/^before\n<!--/);
  expect(text).toMatch(/-->\nafter\n$/);
  expect(text).not.toContain("old");
  expect(text).toContain("| history |");
  await writeFile(document, "no marks");
  await expect(writeGoals(results, join(folder, "none.json"), document)).rejects.toThrow("no place for the goals");
});
