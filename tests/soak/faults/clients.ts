/** Clients that send too much, or do not wait. */

import { MAX_BODY_BYTES } from "../support/limits.ts";
import type { Wish } from "../support/wishes.ts";
import { wish } from "../support/wishes.ts";
import type { Fault, Scene } from "./fault.ts";

/** The same request, followed by blanks, which JSON allows. */
const padded = ({ body }: Wish, bytes: number) => JSON.stringify(body).padEnd(bytes, " ");

async function askPadded(scene: Scene, wanted: Wish, bytes: number, chunked: boolean): Promise<void> {
  const entry = scene.caller.open(wanted);
  const answer = await scene.caller.once(wanted, entry, { body: padded(wanted, bytes), chunked });
  const fits = bytes <= MAX_BODY_BYTES;
  const expected = fits ? answer?.status !== 413 : answer?.status === 413;
  // Lost ones and others are judged with all the rest; of these only what their size comes to.
  if (answer && !expected)
    scene.complain(`a body of ${bytes} bytes was answered ${answer.status}`, `${entry.number}.1`);
  if (entry.status === undefined) await scene.caller.ask(wanted, entry);
}

export const bodyLimit: Fault = {
  title: "bodies at the limit",
  async strike(scene) {
    for (const bytes of [MAX_BODY_BYTES, MAX_BODY_BYTES + 1, 3 * MAX_BODY_BYTES]) {
      for (const chunked of [false, true]) {
        await askPadded(scene, wish(scene.known, scene.random, scene.ledger.entries.length), bytes, chunked);
      }
    }
  },
};

const hangingUp = (title: string, hangUp: "in the body" | "before the answer"): Fault => ({
  title,
  async strike({ caller, known, random, ledger }) {
    const left = Array.from({ length: 12 }, async () => {
      const wanted = wish(known, random, ledger.entries.length);
      const entry = caller.open(wanted);
      await caller.once(wanted, entry, { hangUp });
      // What came of it only the same key can tell.
      await caller.ask(wanted, entry);
    });
    await Promise.all(left);
  },
});

export const hungUpInTheBody = hangingUp("hung up in the body", "in the body");
export const hungUpBeforeTheAnswer = hangingUp("hung up, no answer read", "before the answer");
