import { afterAll, beforeAll, expect, it } from "vitest";
import { examine } from "../doctor/support.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";
import { operationsWithout, undriven } from "./support/driven.ts";
import { walkWorlds } from "./support/property.ts";
import { path, repetition, seed } from "./support/repeatable.ts";
import { productOf } from "./support/stack-product.ts";

const FILE = "tests/model/sequential.test.ts";
/** Until everything was driven; each round has a seed of its own. */
const MAX_ROUNDS = 14;

let stack: TestStack;

beforeAll(async () => {
  stack = await startTestStack();
});
afterAll(() => stack.stop());

it("answers as a model of the machines does, driven through every operation and event", {
  timeout: 180_000,
}, async () => {
  console.log(`Random walks, to be repeated by ${repetition(FILE, seed)}`);
  const product = await productOf(stack);
  const [done, refusals] = [new Set<string>(), new Set<string>()];
  let missing: string[] = [];
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const effort = { seed: seed + round, path, walks: 4, steps: 200 };
    const walked = await walkWorlds(product, effort, (at) => repetition(FILE, effort.seed, at));
    for (const refusal of walked.refused.keys()) refusals.add(refusal);
    for (const operation of walked.done.keys()) done.add(operation);
    missing = [...operationsWithout(done), ...(await undriven(stack.database))];
    // One case alone does not drive everything.
    if (path !== undefined || missing.length === 0) break;
  }
  if (path === undefined) {
    expect(missing).toEqual([]);
    expect(refusals.size).toBeGreaterThan(20);
  }
  expect(await examine(stack.database)).toEqual([]);
});
