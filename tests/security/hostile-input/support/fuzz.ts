/** Makes many requests at once and holds each to what every response has to be. */

import fc from "fast-check";
import type { Operation } from "../../../../types/contracts/operations.ts";
import type { Arena, Exchange } from "./arena.ts";
import { settle } from "./bookkeeping.ts";
import { runs, seed } from "./runs.ts";
import { Finding, type Send, sender } from "./send.ts";
import { shownExchange } from "./shown.ts";

const IN_FLIGHT = 8;
const SHRINKING_MS = 10_000;

/** What to try. */
export interface Fuzz<C> {
  /** Operations that a request may reach. */
  operations: readonly Operation[];
  /** How many cases, before LEO_FUZZ_RUNS multiplies them. */
  count: number;
  cases: fc.Arbitrary<C>;
  /** Makes and sends the request of a case; what is wrong with what came of it beyond the rules for all, if anything. */
  attempt(theCase: C, send: Send): Promise<string | undefined>;
}

/**
 * Tries `count` cases and returns how many requests were answered 2xx. Fails with the smallest case that it finds to
 * violate an invariant, as the request that was sent; see also {@link settle}.
 */
export async function fuzz<C>(arena: Arena, { operations, count, cases, attempt }: Fuzz<C>): Promise<number> {
  const exchanges: Exchange[] = [];
  const send = sender(arena, operations, exchanges);
  const findingOf = async (theCase: C): Promise<string | undefined> => {
    let last: Exchange | undefined;
    try {
      const violation = await attempt(theCase, async (request, client) => {
        last = await send(request, client);
        return last;
      });
      return violation && last ? `${violation}\n${shownExchange(last)}` : violation;
    } catch (error) {
      if (error instanceof Finding) return error.message;
      throw error;
    }
  };

  try {
    const finding = await firstFinding(cases, runs(count), findingOf);
    if (finding) throw new Error(finding);
  } catch (error) {
    // The next test begins with clean books.
    await arena.audit.take();
    throw error;
  }
  await settle(arena, exchanges);
  return exchanges.filter(({ answer }) => answer.status < 300).length;
}

/** Tries `numRuns` cases, several at a time; what is wrong with the smallest bad one that it comes to, and its seed. */
export async function firstFinding<C>(
  cases: fc.Arbitrary<C>,
  numRuns: number,
  findingOf: (theCase: C) => Promise<string | undefined>,
): Promise<string | undefined> {
  const values = fc.sample(cases, { seed, numRuns });
  const findings = new Map<number, string>();
  const queue = values.entries();
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      for (const [index, value] of queue) {
        const finding = await findingOf(value);
        if (finding) findings.set(index, finding);
      }
    }),
  );
  const [first] = [...findings].sort(([a], [b]) => a - b);
  if (!first) return undefined;
  const smallest = await shrunk(cases, first[0], findingOf);
  return `${smallest ?? first[1]}\n(${findings.size} of ${numRuns} cases; LEO_FUZZ_SEED=${seed} repeats them)`;
}

/** The same finding in a smaller request; undefined where it does not come a second time. */
async function shrunk<C>(
  cases: fc.Arbitrary<C>,
  index: number,
  findingOf: (theCase: C) => Promise<string | undefined>,
): Promise<string | undefined> {
  let smallest: string | undefined;
  const property = fc.asyncProperty(cases, async (theCase) => {
    const finding = await findingOf(theCase);
    smallest = finding ?? smallest;
    return finding === undefined;
  });
  // The path leads to the case that `fc.sample` had in this place.
  await fc.check(property, { seed, path: String(index), numRuns: 1, interruptAfterTimeLimit: SHRINKING_MS });
  return smallest;
}
