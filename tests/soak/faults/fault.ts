import { setTimeout as delay } from "node:timers/promises";
import type { Caller } from "../support/caller.ts";
import type { Known } from "../support/known.ts";
import type { Ledger } from "../support/ledger.ts";
import type { Random } from "../support/random.ts";
import type { Stage } from "../support/stage.ts";

/** What a fault works with. */
export interface Scene {
  stage: Stage;
  ledger: Ledger;
  known: Known;
  random: Random;
  /** Asks for what the fault itself needs; its requests are judged like all others. */
  caller: Caller;
  /** Reports an answer that is none of those that this fault may have. */
  complain(detail: string, requestId?: string): void;
}

/** Something that goes wrong, and is over when `strike` resolves. */
export interface Fault {
  title: string;
  strike(scene: Scene): Promise<void>;
}

/** Asks the database until something is so, for 5 s at most; whether it came to that. */
export async function until(isSo: () => Promise<boolean>): Promise<boolean> {
  const giveUpAt = performance.now() + 5_000;
  while (performance.now() < giveUpAt) {
    if (await isSo()) return true;
    await delay(20);
  }
  return false;
}
