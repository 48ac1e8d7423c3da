import { randomInt } from "node:crypto";
import { expect, it } from "vitest";
import { faults } from "./faults/index.ts";
import { runSoak } from "./support/soak.ts";
import { figures, summary } from "./support/summary.ts";

/** That the verdict notices what is lost or doubled is in tests/model/parallel.test.ts. */
it("keeps its word through one fault of each kind", { timeout: 180_000 }, async () => {
  const given = Number(process.env.LEO_SOAK_SEED);
  const seed = Number.isInteger(given) && given > 0 ? given : randomInt(1, 2 ** 31);
  console.log(`A short soak, to be repeated by LEO_SOAK_SEED=${seed} npx vitest run tests/soak`);
  const soak = await runSoak({
    ...{ seed, walkMs: 0, milliseconds: 0, calmMs: 800, callers: 6, pauseMs: 20 },
    // How fast it recovers is for the long one, on a machine of its own; here only that it does.
    recoverWithinMs: 30_000,
  });
  expect(soak.broken, summary(soak)).toEqual([]);
  expect(soak.struck.map(({ title }) => title).sort()).toEqual(faults.map(({ title }) => title).sort());
  const { acknowledged, refused, unavailable, lostAnswers, hungUp } = figures(soak);
  for (const count of [acknowledged, refused, unavailable, lostAnswers, hungUp]) expect(count).toBeGreaterThan(0);
  for (const line of summary(soak).split("\n")) expect(line.length).toBeLessThanOrEqual(80);
});
