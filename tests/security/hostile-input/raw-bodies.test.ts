import fc from "fast-check";
import { afterAll, describe, test } from "vitest";
import { operations } from "../../../types/contracts/operations.ts";
import { startArena } from "./support/arena.ts";
import { aims } from "./support/bodies.ts";
import { accepted } from "./support/contract-bodies.ts";
import { fuzz } from "./support/fuzz.ts";
import { largeBody, rawBody } from "./support/raw-bodies.ts";
import { timeout } from "./support/runs.ts";
import { sendRaw } from "./support/send-raw.ts";
import { named } from "./support/targets.ts";

const arena = await startArena();

afterAll(() => arena.stop());

describe.each(named(operations))("%s", { timeout }, (_name, operation) => {
  const target = arena.target(operation);
  const body = operation.request ? accepted(operation.request) : fc.jsonValue();

  test("refuses a body that is no JSON, or not announced as such", () =>
    fuzz(arena, {
      operations: [operation],
      count: 450,
      cases: fc.record({ body, raw: rawBody, aim: aims(50), throughGateway: fc.boolean() }),
      attempt: (theCase, send) => sendRaw(arena, target, theCase, send),
    }));

  test("reads a body of one MiB, and refuses a larger one", () =>
    fuzz(arena, {
      operations: [operation],
      count: 10,
      cases: fc.record({ body: fc.constant({}), raw: largeBody, aim: aims(80), throughGateway: fc.boolean() }),
      attempt: (theCase, send) => sendRaw(arena, target, theCase, send),
    }));
});
