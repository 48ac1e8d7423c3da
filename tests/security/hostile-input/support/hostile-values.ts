/** JSON values that a field did not ask for. */

import fc from "fast-check";
import type { z } from "zod";
import { hostileName, hostileText } from "./hostile-texts.ts";
import { Verbatim } from "./json-text.ts";
import { limitsOf } from "./limits.ts";

const numbers: number[] = [
  ...[0, 1, -1, 0.5, -0.5, 1e-300, 5e-324, 1e21, 1e308, -1e308, 0.1 + 0.2, 100.00000000000001],
  ...[2 ** 31 - 1, 2 ** 31, -(2 ** 31) - 1, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 2 ** 63, -(2 ** 63), 2 ** 64],
];

/** Numbers as only text can say them. */
const numerals = ["-0", "1e400", "-1e400", "1E+2", "1.0", "1e-400", `1${"0".repeat(400)}`, `0.${"3".repeat(400)}`];

/** Arrays and objects within one another; a depth of 32 is what a body may have, itself included. */
const nested: fc.Arbitrary<unknown> = fc
  .tuple(fc.constantFrom(2, 29, 30, 31, 32, 33, 5_000), fc.constantFrom("[]", "{}", "[{}]"))
  .map(([depth, kind]) => {
    const open = { "[]": "[", "{}": '{"x":', "[{}]": '[{"x":' }[kind] as string;
    const close = { "[]": "]", "{}": "}", "[{}]": "}]" }[kind] as string;
    const levels = kind === "[{}]" ? Math.ceil(depth / 2) : depth;
    return new Verbatim(`${open.repeat(levels)}1${close.repeat(levels)}`);
  });

const wide: fc.Arbitrary<unknown> = fc.constantFrom(
  new Verbatim(`[${"0,".repeat(20_000)}0]`),
  new Verbatim(`[${'"",'.repeat(1_000)}""]`),
  new Verbatim(`[${"{},".repeat(500)}{}]`),
  new Verbatim(`{${Array.from({ length: 2_000 }, (_, i) => `"k${i}":null`).join(",")}}`),
);

/** An object whose fields may have the names of JavaScript's own. */
const oddObject: fc.Arbitrary<unknown> = fc
  .array(fc.tuple(hostileName, fc.oneof(fc.constant({ x: 1 }), fc.constantFrom(...numbers), hostileText)), {
    maxLength: 3,
  })
  // Not by assignment, which would set the prototype where the name is "__proto__" and make no field.
  .map((members) => Object.fromEntries(members));

/** Any JSON value, short or huge, sane or not. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: hostileText },
  { weight: 4, arbitrary: fc.constantFrom(...numbers) },
  { weight: 2, arbitrary: fc.constantFrom(...numerals).map((text) => new Verbatim(text)) },
  { weight: 3, arbitrary: fc.constantFrom(null, true, false, [], {}, [null], [[]], [{}], ["", 0]) },
  { weight: 2, arbitrary: oddObject },
  { weight: 2, arbitrary: nested },
  { weight: 1, arbitrary: wide },
  { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.array(hostileText, { maxLength: 3 }) },
);

/** What is just within and just past the bounds that a contract sets to numbers, texts and lists. */
export function valuesAtLimits(contract: z.ZodType): fc.Arbitrary<unknown> {
  const { numbers: bounds, lengths, counts } = limitsOf(contract);
  const around = bounds.flatMap((bound) => [bound - 1, bound, bound + 1, bound + 0.5, bound + 1e-9]);
  const texts = lengths.flatMap((length) => [length, length + 1].map((size) => "x".repeat(size)));
  const wideTexts = lengths.flatMap((length) => [length / 2, length / 2 + 1].map((size) => "\u{2070e}".repeat(size)));
  const lists = counts.flatMap((count) => [count - 1, count, count + 1]).map((count) => Math.max(0, count));
  return fc.oneof(
    fc.constantFrom(0, ...around),
    fc.constantFrom("", ...texts, ...wideTexts),
    fc
      .tuple(fc.constantFrom(0, ...lists), fc.constantFrom<unknown>("x", "'", {}, 1, null))
      .map(([count, item]) => Array.from({ length: count }, () => item)),
  );
}
