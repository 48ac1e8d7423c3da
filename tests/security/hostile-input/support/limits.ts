import { z } from "zod";

/** The bounds that a contract sets anywhere in it, each kind without repetition. */
export interface Limits {
  numbers: number[];
  /** Of texts. */
  lengths: number[];
  /** Of lists. */
  counts: number[];
}

/** Read from the JSON schema of a contract, which says them the same way for every kind of field. */
export function limitsOf(contract: z.ZodType): Limits {
  const found = { numbers: new Set<number>(), lengths: new Set<number>(), counts: new Set<number>() };
  const kinds: Record<string, Set<number>> = {
    minimum: found.numbers,
    maximum: found.numbers,
    minLength: found.lengths,
    maxLength: found.lengths,
    minItems: found.counts,
    maxItems: found.counts,
  };
  JSON.parse(JSON.stringify(z.toJSONSchema(contract, { io: "input", unrepresentable: "any" })), (name, value) => {
    if (typeof value === "number") kinds[name]?.add(value);
    return value;
  });
  return { numbers: [...found.numbers], lengths: [...found.lengths], counts: [...found.counts] };
}
