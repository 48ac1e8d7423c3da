import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { operations } from "../../../types/contracts/operations.ts";
import { startArena } from "./support/arena.ts";
import { aims, sendBody } from "./support/bodies.ts";
import { accepted } from "./support/contract-bodies.ts";
import { misjudgement } from "./support/expected-refusal.ts";
import { fuzz } from "./support/fuzz.ts";
import { runs, timeout } from "./support/runs.ts";
import { named } from "./support/targets.ts";

const COUNT = 200;

const arena = await startArena();

afterAll(() => arena.stop());

test.each(named(operations.filter(({ request }) => request)))(
  "%s copes with every body that its contract takes",
  { timeout },
  async (_name, operation) => {
    const contract = operation.request;
    if (!contract) throw new Error("it takes no body");
    const target = arena.target(operation);
    const taken = await fuzz(arena, {
      operations: [operation],
      count: COUNT,
      cases: fc.record({ body: accepted(contract), aim: aims(60) }),
      async attempt({ body, aim }, send) {
        const exchange = await sendBody(arena, target, aim, body, send);
        return misjudgement(contract, exchange);
      },
    });
    // The bodies of 6 in 10 fit a row on which the operation is possible.
    expect(taken).toBeGreaterThan(runs(COUNT) / 4);
  },
);
