/** What was asked and what was answered, for the check afterwards. */

/** One HTTP request. */
export interface Try {
  /** Its x-request-id, by which the history knows it. */
  requestId: string;
  /** By performance.now(), in milliseconds. */
  begun: number;
  ended: number;
  /** The status of the answer; `lost` without one; `hung up` where the client left on purpose. */
  outcome: number | "lost" | "hung up";
  /** Whether it is the answer to an earlier one with the same key: what was lost then was done. */
  replayed?: boolean;
  /** Of an answer 503. */
  retryAfter?: string | null;
  /** Of a lost one. */
  error?: string;
}

/** A row that the history has to have because of an answer. */
export interface Claimed {
  machine: string;
  id: string;
  event: string;
  to: string;
}

/** Something that a caller wants done: one request, and its repetitions until there is an answer. */
export interface Entry {
  number: number;
  /** Function, method and path pattern. */
  operation: string;
  /** The Idempotency-Key of all its tries. */
  key: string;
  tries: Try[];
  /** The answer that was not 503, if one came. */
  status?: number;
  /** Whether nobody asks any more, after a minute of 503 and lost connections. */
  givenUp?: boolean;
  /** What an answer 2xx says was done. */
  claimed?: Claimed[];
  /** Of a sweep: rows by event, as it counts them. Of the analyzer: how many runs it may have. Of metrics: rows. */
  counted?: Record<string, number>;
  /** Ids of metrics that are there, says the answer. */
  metrics?: string[];
  /** The row that it wrote a note into, which names the entry. */
  noted?: string;
  /** Runs that are over, says the answer, and how they ended. */
  ended?: { id: string; status: string }[];
  /** Whether it was carried out although it named an attempt that was over. */
  unfenced?: boolean;
}

export class Ledger {
  readonly entries: Entry[] = [];
  /** Times at which no functions ran, as the soak had killed them: begin and end. */
  readonly down: { from: number; to: number }[] = [];
  #listeners = new Set<(attempt: Try) => void>();

  open(operation: string, key: string): Entry {
    const entry: Entry = { number: this.entries.length, operation, key, tries: [] };
    this.entries.push(entry);
    return entry;
  }

  add(entry: Entry, attempt: Try): void {
    entry.tries.push(attempt);
    for (const listener of this.#listeners) listener(attempt);
  }

  /** Calls back with each try that ends from now on; returns what ends that. */
  onTry(listener: (attempt: Try) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether the functions were dead at any time of it. */
  wasDown({ begun, ended }: Try): boolean {
    return this.down.some(({ from, to }) => begun <= to && ended >= from);
  }
}

/** Answered, and not refused. */
export const isDone = ({ status = 0 }: Entry) => status >= 200 && status < 300;

/** Answered, and refused: nothing of it may be in the database. */
export const isRefused = ({ status = 0 }: Entry) => status >= 400 && status < 500;
