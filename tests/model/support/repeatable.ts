/**
 * Random, and repeatable: another seed in each run unless LEO_MODEL_SEED is given; with LEO_MODEL_PATH, which
 * fast-check names for a failure, only the failing case.
 */

import { randomInt } from "node:crypto";

const given = process.env.LEO_MODEL_SEED;

/** What this run begins with. */
export const seed = given ? Number(given) : randomInt(2 ** 31);
if (!Number.isSafeInteger(seed)) throw new Error(`LEO_MODEL_SEED=${given} makes no sense`);

/** What leads to one case, if it was given. */
export const path = process.env.LEO_MODEL_PATH || undefined;

/** The command that repeats a test file, or one of its cases. */
export const repetition = (file: string, from: number, casePath: string | null = null) =>
  `LEO_MODEL_SEED=${from}${casePath === null ? "" : ` LEO_MODEL_PATH=${casePath}`} npx vitest run ${file}`;
