import { describe, expect, test } from "vitest";
import type { Bench } from "../../bench/harness/bench.ts";
import type { Lab } from "../../bench/harness/lab.ts";
import { table } from "../../bench/harness/report.ts";
import { runBench } from "../../bench/harness/runner.ts";

/** What a bench here asks of its lab. */
const lab = { quick: true } as Lab;

interface Work {
  done: number;
}

/** Two contenders that take 2 ms and 6 ms; `says` is what the second claims to have done beyond what it did. */
function bench(says = 0): Bench<Work> {
  const contender = (name: string, ms: number, more: number) => ({
    name,
    run: async (work: Work) => {
      work.done += 10;
      return { done: 10 + more, figures: { p50: ms } };
    },
    count: async (work: Work) => work.done,
  });
  return {
    name: "example",
    question: "Which one is faster?",
    how: "By saying so.",
    figures: { p50: "ms" },
    contenders: [contender("swift", 2, 0), contender("slow", 6, says)],
    goals: [
      { figure: "p50", contender: "slow", against: "swift", atMost: 4 },
      { figure: "p50", contender: "slow", atMost: 5 },
    ],
    setup: async () => ({ done: 0 }),
  };
}

const run = (says?: number) => runBench(bench(says), lab, () => {});

describe("a bench", () => {
  test("compares contenders and says which goals are met", async () => {
    const { rounds, contenders, goals } = await run();
    expect(contenders.map(({ name, done }) => [name, done])).toEqual([
      ["swift", 10 * rounds],
      ["slow", 10 * rounds],
    ]);
    expect(goals.map(({ median, met }) => [median, met])).toEqual([
      [3, true],
      [6, false],
    ]);
  });

  test("fails when the database does not count what a contender says it did", async () => {
    await expect(run(1)).rejects.toThrow("slow says that it did 11 operations; the database counts 10");
  });

  test("is shown as a table that fits a page", async () => {
    const shown = table(await run());
    expect(shown).toContain("met      p50, slow ÷ swift: 3 (3–3), goal ≤ 4");
    expect(shown).toContain("NOT MET  p50, slow: 6 (6–6), goal ≤ 5");
    for (const line of shown.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });

  test("is shown as a list where a table would not fit", async () => {
    const result = await run();
    const [p50] = Object.values(result.contenders[0]?.figures ?? {});
    const names = ["p50", "p95", "p99", "throughput", "round trips", "statements"];
    const figures = Object.fromEntries(names.map((name) => [name, p50]));
    const contenders = result.contenders.map((contender) => ({ ...contender, figures }));
    const shown = table({ ...result, contenders } as typeof result);
    expect(shown).toContain("\n  swift\n    p50 ms ");
    for (const line of shown.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });
});
