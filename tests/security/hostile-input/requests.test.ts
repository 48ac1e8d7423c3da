import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { operations } from "../../../types/contracts/operations.ts";
import { startArena } from "./support/arena.ts";
import { aims, fitted, onSubject, requestOf } from "./support/bodies.ts";
import { accepted } from "./support/contract-bodies.ts";
import { fuzz } from "./support/fuzz.ts";
import { jsonText } from "./support/json-text.ts";
import { all, type Change, header, method, path, query } from "./support/request-parts.ts";
import { timeout } from "./support/runs.ts";
import { named } from "./support/targets.ts";

const arena = await startArena();

afterAll(() => arena.stop());

describe.each(named(operations))("%s", { timeout }, (_name, operation) => {
  const target = arena.target(operation);
  const body = operation.request ? accepted(operation.request) : fc.constant(undefined);

  /** Requests that would be in order but for one change; what came of them in figures. */
  const tryOut = (change: fc.Arbitrary<Change>, count: number) =>
    fuzz(arena, {
      // A path may lead anywhere.
      operations,
      count,
      cases: fc.record({ body, change, aim: aims(70) }),
      async attempt({ body, change, aim }, send) {
        await onSubject(target, aim, (subject) => {
          const text = body === undefined ? undefined : Buffer.from(jsonText(fitted(body, subject)));
          return send(change(requestOf(arena, operation, aim, subject, text), subject.id));
        });
        return undefined;
      },
    });

  test("endures every path, method and header", () => tryOut(fc.oneof(path, path, method, header, header, all), 420));

  test("minds no query", async () => {
    expect(await tryOut(query, 80)).toBeGreaterThan(0);
  });
});
