import fc from "fast-check";
import { afterAll, test } from "vitest";
import { operations } from "../../../types/contracts/operations.ts";
import { startArena } from "./support/arena.ts";
import { aims, sendBody } from "./support/bodies.ts";
import { misjudgement } from "./support/expected-refusal.ts";
import { fuzz } from "./support/fuzz.ts";
import { hostileValue } from "./support/hostile-values.ts";
import { around } from "./support/mutations.ts";
import { timeout } from "./support/runs.ts";
import { named } from "./support/targets.ts";

const arena = await startArena();

afterAll(() => arena.stop());

test.each(named(operations.filter(({ request }) => request)))(
  "%s refuses what its contract does not take, and only that",
  { timeout },
  async (_name, operation) => {
    const contract = operation.request;
    if (!contract) throw new Error("it takes no body");
    const target = arena.target(operation);
    await fuzz(arena, {
      operations: [operation],
      count: 900,
      cases: fc.record({
        body: fc.oneof(
          { weight: 8, arbitrary: around(contract) },
          { weight: 1, arbitrary: hostileValue },
          fc.jsonValue(),
        ),
        aim: aims(30),
      }),
      async attempt({ body, aim }, send) {
        const exchange = await sendBody(arena, target, aim, body, send);
        return misjudgement(contract, exchange);
      },
    });
  },
);
