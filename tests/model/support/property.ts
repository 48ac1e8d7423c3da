import fc from "fast-check";
import { settle } from "./settle.ts";
import { type Step, walks } from "./steps.ts";
import { type Product, Walk, type Walked } from "./walk.ts";
import { newWorld } from "./world.ts";

/** How long and how often. */
export interface Effort {
  seed: number;
  /** Of one failing case, see LEO_MODEL_PATH. */
  path?: string;
  /** Walks at most. */
  walks: number;
  /** Steps of a walk at most. */
  steps: number;
  /** No walk begins after this. */
  milliseconds?: number;
}

const SHRINKING_MS = 20_000;

const add = (sums: Map<string, number>, more: Map<string, number>) => {
  for (const [key, value] of more) sums.set(key, (sums.get(key) ?? 0) + value);
};

/**
 * Walks as many worlds, one after the other.
 *
 * @param repeat the command that repeats the failing case, by its path
 * @returns what was carried out
 * @throws Error with the smallest walk that was found to fail, and the command that repeats it
 */
export async function walkWorlds(
  product: Product,
  effort: Effort,
  repeat: (path: string | null) => string,
): Promise<Walked> {
  const total: Walked = { done: new Map(), refused: new Map(), requests: 0 };
  const endAt = performance.now() + (effort.milliseconds ?? Number.POSITIVE_INFINITY);
  let failedAt: number | undefined;
  const property = fc.asyncProperty(walks(effort.steps), async (steps: Step[]) => {
    // An end to shrinking, and to a run of so many minutes: what is not tried counts as passed.
    const now = performance.now();
    if (failedAt === undefined ? now > endAt : now > failedAt + SHRINKING_MS) return;
    const walk = new Walk(product, await newWorld(product.database));
    try {
      for (const step of steps) await walk.take(step);
      await settle(walk);
    } catch (error) {
      failedAt ??= performance.now();
      throw error;
    }
    add(total.done, walk.result.done);
    add(total.refused, walk.result.refused);
    total.requests += walk.result.requests;
  });
  const result = await fc.check(property, {
    seed: effort.seed,
    path: effort.path,
    numRuns: effort.walks,
    endOnFailure: effort.path !== undefined,
  });
  if (!result.failed) return total;
  const error = result.errorInstance instanceof Error ? result.errorInstance.message : String(result.errorInstance);
  throw new Error(`${error}\n\nAgain: ${repeat(result.counterexamplePath)}`);
}
