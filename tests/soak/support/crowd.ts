/** Several callers at work at the same time, each with a key and a label of its own. */

import { setTimeout as delay } from "node:timers/promises";
import { Caller } from "./caller.ts";
import type { Wires } from "./http.ts";
import type { Known } from "./known.ts";
import type { Ledger } from "./ledger.ts";
import { randomFrom } from "./random.ts";
import { wish } from "./wishes.ts";

export interface CrowdOptions {
  wires: Wires;
  ledger: Ledger;
  known: Known;
  secretKeys: string[];
  seed: number;
  size: number;
  /** Milliseconds that each waits at most between one wish and the next; 0: not at all. */
  pauseMs: number;
}

/** A number of callers; every second one has another secret key, and each a label. */
export function callersOf({ wires, ledger, known, secretKeys, size }: CrowdOptions): Caller[] {
  return Array.from({ length: size }, (_, index) => {
    const apikey = secretKeys[index % secretKeys.length] as string;
    return new Caller(wires, ledger, known, { apikey, "x-leo-actor": `caller-${index}` });
  });
}

/** Works until `goesOn` says no, and until everything that was begun is answered. */
export async function work(options: CrowdOptions, goesOn: () => boolean): Promise<void> {
  const { seed, known, ledger, pauseMs } = options;
  await Promise.all(
    callersOf(options).map(async (caller, index) => {
      const random = randomFrom(seed + index * 7919);
      while (goesOn()) {
        await caller.ask(wish(known, random, ledger.entries.length));
        if (pauseMs > 0) await delay(random.next() * pauseMs);
      }
    }),
  );
}
