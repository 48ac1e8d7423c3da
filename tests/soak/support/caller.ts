/** A good client: repeats what was not answered, with the same key, after as long as it was told to wait. */

import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { claim, learn, learnFromRefusal } from "./answers.ts";
import type { Wire, WireAnswer, Wires } from "./http.ts";
import type { Known } from "./known.ts";
import type { Entry, Ledger } from "./ledger.ts";
import type { Wish } from "./wishes.ts";

/** Whoever is not answered within this time was given up. */
const GIVE_UP_MS = 60_000;

export class Caller {
  constructor(
    readonly wires: Wires,
    readonly ledger: Ledger,
    readonly known: Known,
    /** Credentials, and the label. */
    readonly headers: Record<string, string>,
  ) {}

  open({ operation }: Wish): Entry {
    return this.ledger.open(operation, randomUUID());
  }

  /** Asks until there is an answer that is not 503. */
  async ask(wish: Wish, entry: Entry = this.open(wish)): Promise<Entry> {
    const giveUpAt = performance.now() + GIVE_UP_MS;
    while (entry.status === undefined && performance.now() < giveUpAt) {
      const answer = await this.once(wish, entry);
      if (entry.status !== undefined) break;
      await delay(answer ? Number(answer.headers["retry-after"] ?? 1) * 1000 : 100);
    }
    entry.givenUp = entry.status === undefined;
    return entry;
  }

  /** Asks once. */
  async once(wish: Wish, entry: Entry, manner: Partial<Wire> = {}): Promise<WireAnswer | null> {
    const requestId = `${entry.number}.${entry.tries.length + 1}`;
    const headers = { ...this.headers, "x-request-id": requestId, "idempotency-key": entry.key };
    const [, method = ""] = wish.operation.split(" ");
    const begun = performance.now();
    try {
      const wire = { method, path: wish.path, headers, body: JSON.stringify(wish.body), ...manner };
      const answer = await this.wires.send(wire);
      const ended = performance.now();
      this.ledger.add(entry, {
        requestId,
        begun,
        ended,
        outcome: answer?.status ?? "hung up",
        replayed: answer?.headers["idempotency-replayed"] === "true",
        retryAfter: answer?.status === 503 ? (answer.headers["retry-after"] ?? null) : undefined,
      });
      if (answer) this.#take(wish, entry, answer);
      return answer;
    } catch (error) {
      const said = error instanceof Error ? `${(error as NodeJS.ErrnoException).code ?? ""} ${error.message}` : "";
      this.ledger.add(entry, { requestId, begun, ended: performance.now(), outcome: "lost", error: said });
      return null;
    }
  }

  #take(wish: Wish, entry: Entry, { status, text }: WireAnswer): void {
    if (status >= 500) return;
    entry.status = status;
    const body = JSON.parse(text);
    if (status < 300) {
      claim(entry, wish, body);
      learn(this.known, body);
    } else {
      learnFromRefusal(this.known, wish, body);
    }
  }
}
