/** Responses that are problems, shared by all operations that may answer with the same ones. */

import { type ProblemCode, problems } from "../../types/contracts/problems.ts";
import { headerReferences, type responseHeaders } from "./envelope.ts";
import { placeOf } from "./json-schema.ts";
import { problemName, schemaName } from "./schemas.ts";

/** Codes by their HTTP status, in the order of the list. */
export function byStatus(codes: ProblemCode[]): Map<number, ProblemCode[]> {
  const grouped = new Map<number, ProblemCode[]>();
  for (const code of codes) {
    const { status } = problems[code];
    grouped.set(status, [...(grouped.get(status) ?? []), code]);
  }
  return new Map([...grouped].sort(([one], [other]) => one - other));
}

/** The name of the response that is one of these problems. */
export function refusalName(codes: ProblemCode[]): string {
  return codes.map(schemaName).join("Or");
}

/** What is decided with the row at hand is kept under an Idempotency-Key, and so may be a repetition. */
const decidedByDatabase = [400, 404, 409, 412];

function headersOf(status: number): (keyof typeof responseHeaders)[] {
  return [
    "requestId",
    "serverTiming",
    ...(decidedByDatabase.includes(status) ? (["replayed"] as const) : []),
    ...(status === 401 ? (["authenticate"] as const) : []),
    ...(status === 503 ? (["retryAfter"] as const) : []),
  ];
}

/**
 * The response that is one of these problems, which have one HTTP status.
 *
 * @param examples bodies of problems by code, as far as there are any
 */
export function refusal(codes: ProblemCode[], examples: Record<string, unknown>): object {
  const places = codes.map((code) => [code, placeOf(problemName(code))] as const);
  const [first] = places;
  if (!first) throw new Error("a refusal is one problem at least");
  const schema =
    places.length === 1
      ? { $ref: first[1] }
      : {
          oneOf: places.map(([, place]) => ({ $ref: place })),
          discriminator: { propertyName: "code", mapping: Object.fromEntries(places) },
        };
  const shown = codes.filter((code) => Object.hasOwn(examples, code));
  const shownExamples = Object.fromEntries(shown.map((code) => [code, { value: examples[code] }]));
  return {
    description: codes.map((code) => `\`${code}\`: ${problems[code].title}.`).join(" "),
    headers: headerReferences(headersOf(problems[first[0]].status)),
    content: {
      "application/problem+json": { schema, ...(shown.length > 0 ? { examples: shownExamples } : {}) },
    },
  };
}
