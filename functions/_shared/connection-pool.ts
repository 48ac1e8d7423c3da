/**
 * Who gets which connection.
 *
 * deno-postgres has a pool of its own; it loses a place for good whenever a connection cannot be made (a pool of
 * five waits forever after five failures), keeps handing out connections that broke while writing, and lets
 * callers wait without limit. So it supplies single connections here, and this pool keeps the count.
 */

/** What the pool needs to know of a connection. */
export interface Poolable {
  /** Lets go of it, in whatever state it is. Never throws. */
  close(): void;
}

/** Sizes and times of a pool. */
export interface PoolOptions<C extends Poolable> {
  /** Connections at most, counting those being opened. */
  size: number;
  /** Opens one; must end within a time of its own. */
  open: () => Promise<C>;
  /** How long a caller waits for a connection. */
  acquireTimeoutMs: number;
  /** An idle connection older than this is replaced instead of trusted. */
  idleTimeoutMs: number;
}

/** Connections by what they are doing, and callers waiting for one. */
export interface PoolFigures {
  size: number;
  busy: number;
  idle: number;
  opening: number;
  waiting: number;
}

/** Every connection stayed busy for as long as a caller waits. */
export class PoolExhausted extends Error {
  override name = "PoolExhausted";
}

interface Waiting<C> {
  resolve(connection: C): void;
  reject(error: unknown): void;
  timer: ReturnType<typeof setTimeout>;
}

/** A lazy pool: the first connection is opened when the first caller asks. */
export class ConnectionPool<C extends Poolable> {
  readonly #options: PoolOptions<C>;
  #idle: { connection: C; since: number }[] = [];
  #waiting: Waiting<C>[] = [];
  #busy = 0;
  #opening = 0;
  #closed = false;

  constructor(options: PoolOptions<C>) {
    this.#options = options;
  }

  /** See {@link PoolFigures}. */
  figures(): PoolFigures {
    return {
      size: this.#options.size,
      busy: this.#busy,
      idle: this.#idle.length,
      opening: this.#opening,
      waiting: this.#waiting.length,
    };
  }

  /**
   * A connection of the caller's own until it calls `release` or `discard`.
   *
   * @throws PoolExhausted, or what `open` threw
   */
  acquire(): Promise<C> {
    const idle = this.#takeIdle();
    if (idle) {
      this.#busy += 1;
      return Promise.resolve(idle);
    }
    return new Promise((resolve, reject) => {
      const waiting: Waiting<C> = {
        resolve,
        reject,
        timer: setTimeout(() => {
          this.#waiting = this.#waiting.filter((other) => other !== waiting);
          reject(new PoolExhausted("No connection became free in time"));
        }, this.#options.acquireTimeoutMs),
      };
      this.#waiting.push(waiting);
      this.#openForWaiting();
    });
  }

  /** Gives a sound connection back. */
  release(connection: C): void {
    this.#busy -= 1;
    this.#handOut(connection);
  }

  /** Gives a broken connection back. What broke it has most likely broken the idle ones too, so they go as well. */
  discard(connection: C): void {
    this.#busy -= 1;
    connection.close();
    for (const { connection: other } of this.#idle.splice(0)) other.close();
    this.#openForWaiting();
  }

  /** Closes what is idle now, and the rest when it comes back. */
  close(): void {
    this.#closed = true;
    for (const { connection } of this.#idle.splice(0)) connection.close();
  }

  #takeIdle(): C | undefined {
    const oldest = Date.now() - this.#options.idleTimeoutMs;
    for (let entry = this.#idle.pop(); entry; entry = this.#idle.pop()) {
      if (entry.since >= oldest) return entry.connection;
      entry.connection.close();
    }
    return undefined;
  }

  #handOut(connection: C): void {
    if (this.#closed) {
      connection.close();
      return;
    }
    const waiting = this.#waiting.shift();
    if (waiting) {
      clearTimeout(waiting.timer);
      this.#busy += 1;
      waiting.resolve(connection);
    } else {
      this.#idle.push({ connection, since: Date.now() });
    }
  }

  #openForWaiting(): void {
    const { size } = this.#options;
    while (this.#opening < this.#waiting.length && this.#busy + this.#idle.length + this.#opening < size) {
      this.#opening += 1;
      void this.#openOne();
    }
  }

  /** Not tied to the caller that caused it: whoever waits longest gets the connection, or its failure. */
  async #openOne(): Promise<void> {
    try {
      const connection = await this.#options.open();
      this.#opening -= 1;
      this.#handOut(connection);
    } catch (error) {
      this.#opening -= 1;
      const waiting = this.#waiting.shift();
      if (waiting) {
        clearTimeout(waiting.timer);
        waiting.reject(error);
      }
      this.#openForWaiting();
    }
  }
}
