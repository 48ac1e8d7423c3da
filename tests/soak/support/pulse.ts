/** Asks for one small change after the other, whatever the answer: shows when the product works again. */

import { setTimeout as delay } from "node:timers/promises";
import type { Caller } from "./caller.ts";
import type { Ledger } from "./ledger.ts";

const EVERY_MS = 50;

export async function pulse(caller: Caller, sdId: string, goesOn: () => boolean): Promise<void> {
  const start = {
    operation: "exec-sessions POST /",
    path: "exec-sessions",
    body: { sd_id: sdId, implementation_type: "GENERAL_FEATURE", quality_gates: ["pulse"] },
  };
  const entry = await caller.ask(start);
  const id = entry.claimed?.[0]?.id;
  if (id === undefined) throw new Error(`the pulse could not begin: ${entry.status}`);
  for (let beat = 0; goesOn(); beat += 1) {
    const wish = {
      operation: "exec-sessions PATCH /:id",
      path: `exec-sessions/${id}`,
      body: { implementation_progress: beat % 100 },
    };
    await caller.once(wish, caller.open(wish));
    await delay(EVERY_MS);
  }
}

/**
 * Milliseconds from `since` to the first answer, other than 503, to a request that began after it; null where none
 * came within `limitMs`.
 */
export function recovery(ledger: Ledger, since: number, limitMs: number): Promise<number | null> {
  return new Promise((resolve) => {
    const end = (value: number | null) => {
      clearTimeout(timer);
      stop();
      resolve(value);
    };
    const stop = ledger.onTry(({ begun, ended, outcome }) => {
      if (begun >= since && typeof outcome === "number" && outcome < 300) end(ended - since);
    });
    const timer = setTimeout(() => end(null), limitMs);
  });
}
