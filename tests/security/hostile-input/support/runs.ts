/**
 * How much is tried and from where on: LEO_FUZZ_RUNS multiplies it, LEO_FUZZ_SEED repeats a run.
 *
 * 1 means about 2000 requests for each route. A run tries half of that unless told, as each has another seed anyway.
 */

import { randomInt } from "node:crypto";

function given(name: string, fallback: number, accepts: (value: number) => boolean): number {
  const text = process.env[name];
  const value = text === undefined || text === "" ? fallback : Number(text);
  if (!accepts(value)) throw new Error(`${name}=${text} makes no sense`);
  return value;
}

const factor = given("LEO_FUZZ_RUNS", 0.5, (value) => value > 0);

/** Another one in each run, so that no two runs try the same; every failure prints it. */
export const seed = given("LEO_FUZZ_SEED", randomInt(2 ** 31), Number.isSafeInteger);

/** `count`, times LEO_FUZZ_RUNS. */
export const runs = (count: number): number => Math.max(1, Math.round(count * factor));

/** For a test that tries `runs`; no claim about speed, only an end for one that hangs. */
export const timeout = 120_000 * Math.max(1, factor);
