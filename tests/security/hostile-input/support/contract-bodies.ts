/** Values that a contract accepts, made from the contract itself. */

import fc from "fast-check";
import { z } from "zod";
import { findUnstorable } from "../../../../types/contracts/json.ts";
import { hostileText } from "./hostile-texts.ts";
import { limitsOf } from "./limits.ts";

const two = (max: number) => fc.integer({ min: 0, max }).map((value) => String(value).padStart(2, "0"));
const digits = (max: number) => fc.integer({ min: 0, max: 10 ** max - 1 }).map(String);
const part = (max: number, unit: string) =>
  fc.option(
    digits(max).map((count) => `${count}${unit}`),
    { nil: "" },
  );

const isoDuration = fc
  .tuple(part(4, "Y"), part(5, "M"), part(5, "W"), part(6, "D"), part(7, "H"), part(8, "M"), part(9, "S"))
  .map(([years, months, weeks, days, ...clock]) => {
    const time = clock.join("");
    return `P${years}${months}${weeks}${days}${time && `T${time}`}`;
  });
const clockDuration = fc.tuple(digits(7), two(59), two(59)).map((parts) => parts.join(":"));
const moment = fc
  .tuple(
    fc.date({ min: new Date("0001-01-01T00:00:00Z"), max: new Date("9999-12-31T23:59:59Z"), noInvalidDate: true }),
    fc.constantFrom("", ".1", ".123456", ".999999999"),
    fc.constantFrom("Z", "+00:00", "-15:59", "+15:59", "+05:45"),
  )
  .map(([date, fraction, offset]) => `${date.toISOString().slice(0, 19)}${fraction}${offset}`);
const identifier = fc.oneof(
  fc.uuid(),
  fc.uuid().map((id) => id.toUpperCase()),
  fc.constantFrom("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
);
const address = fc.oneof(
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
  hostileText.map((text) => `https://example.test/?q=${text}`),
  fc.constantFrom("http://127.0.0.1:1/", "https://[::1]/", "HTTPS://EXAMPLE.TEST", "http://xn--nxasmq6b/'\"\\"),
);
const month = fc
  .tuple(fc.integer({ min: 1, max: 9_999 }), fc.integer({ min: 1, max: 12 }))
  .map(([year, number]) => `${String(year).padStart(4, "0")}-${String(number).padStart(2, "0")}`);

/** Forms that texts may have to have, besides any. */
const forms: fc.Arbitrary<string>[] = [identifier, address, moment, month, isoDuration, clockDuration];

/**
 * Values that `contract` accepts and a column can hold: every field that may be left out is there or not, every value
 * is odd if it may be.
 */
export function accepted(contract: z.ZodType): fc.Arbitrary<unknown> {
  return unchecked(contract).filter((value) => !findUnstorable(value) && contract.safeParse(value).success);
}

function unchecked(contract: z.ZodType): fc.Arbitrary<unknown> {
  if (contract instanceof z.ZodOptional) return accepted(contract.unwrap() as z.ZodType);
  if (contract instanceof z.ZodNullable) return fc.option(accepted(contract.unwrap() as z.ZodType), { freq: 8 });
  if (contract instanceof z.ZodObject) return object(contract);
  if (contract instanceof z.ZodArray) return list(contract);
  if (contract instanceof z.ZodRecord) return jsonObject;
  if (contract instanceof z.ZodEnum) return fc.constantFrom(...contract.options);
  if (contract instanceof z.ZodLiteral) return fc.constantFrom(...contract.values);
  if (contract instanceof z.ZodBoolean) return fc.boolean();
  if (contract instanceof z.ZodNumber) return number(contract);
  // Not ZodString: texts of a certain form are of classes of their own.
  if (contract.def.type === "string") return text(contract);
  if (contract instanceof z.ZodUnknown) return fc.jsonValue({ maxDepth: 3 });
  throw new Error(`no values are known for ${contract.def.type}`);
}

function object(contract: z.ZodObject): fc.Arbitrary<unknown> {
  const fields = Object.entries(contract.shape) as [string, z.ZodType][];
  const required = fields.flatMap(([name, field]) => (field instanceof z.ZodOptional ? [] : [name]));
  const values = Object.fromEntries(fields.map(([name, field]) => [name, accepted(field)]));
  return fc.record(values, { requiredKeys: required, noNullPrototype: true });
}

function list(contract: z.ZodArray): fc.Arbitrary<unknown> {
  const { minItems: minLength = 0, maxItems: most = 10 } = z.toJSONSchema(contract, { unrepresentable: "any" });
  const item = accepted(contract.element as z.ZodType);
  return fc.oneof(
    { weight: 9, arbitrary: fc.array(item, { minLength, maxLength: Math.min(most, 4) }) },
    // As many as there may be and a body has room for, all the same, so that they are quickly made.
    { weight: 1, arbitrary: item.map((one) => Array.from({ length: Math.min(most, fitting(one)) }, () => one)) },
  );
}

/** How many times a value may be in a list of moderate length. */
function fitting(value: unknown): number {
  return Math.ceil(20_000 / (JSON.stringify(value) ?? "").length);
}

const jsonObject = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.dictionary(fc.string({ unit: "grapheme", maxLength: 10 }), fc.jsonValue({ maxDepth: 2 })),
  },
  { weight: 2, arbitrary: fc.dictionary(hostileText, hostileText, { maxKeys: 3 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      { constructor: { prototype: { admin: true } }, toString: null, "": {} },
      { deadline_at: "infinity", timeout_ms: 1e300, worker: {}, rows_scanned: -1 },
      { deadline_at: "9999-12-31T00:00:00Z", timeout_ms: 86_400_000, rows_scanned: 0.5 },
      { n: [1e308, -1e308, 5e-324, 1e21, 2 ** 53] },
      { rows_scanned: Number.MIN_VALUE },
    ),
  },
);

function number(contract: z.ZodNumber): fc.Arbitrary<number> {
  const { minimum: min = -1e308, maximum: max = 1e308, type } = z.toJSONSchema(contract);
  const bounds = fc.constantFrom(min, max);
  if (type === "integer")
    return fc.oneof(fc.integer({ min, max }), fc.integer({ min, max: Math.min(max, min + 3) }), bounds);
  return fc.oneof(
    fc.double({ min, max, noNaN: true }),
    fc.integer({ min: Math.ceil(min), max: Math.floor(max) }),
    bounds,
  );
}

function text(contract: z.ZodType): fc.Arbitrary<string> {
  const [longest = 1_000] = limitsOf(contract).lengths.sort((a, b) => b - a);
  const full = [
    "x".repeat(longest),
    "\u{2070e}".repeat(Math.floor(longest / 2)),
    "'".repeat(longest),
    `https://example.test/${"x".repeat(Math.max(0, longest - 21))}`,
  ];
  const kinds: { weight: number; arbitrary: fc.Arbitrary<string> }[] = [
    { weight: 3, arbitrary: fc.string({ unit: "grapheme", maxLength: Math.min(longest, 40) }) },
    { weight: 6, arbitrary: hostileText },
    { weight: 1, arbitrary: fc.constantFrom(...full) },
    ...forms.map((arbitrary) => ({ weight: 1, arbitrary })),
  ];
  // Which of them the contract is likely to accept, it is asked, as its patterns cannot be run backwards.
  const likely = kinds.filter(({ arbitrary }) => {
    const samples = fc.sample(arbitrary, { numRuns: 20, seed: 1 });
    return samples.filter((sample) => contract.safeParse(sample).success).length >= 5;
  });
  if (likely.length === 0) throw new Error(`no text is known that ${JSON.stringify(z.toJSONSchema(contract))} accepts`);
  return fc.oneof(...likely);
}
