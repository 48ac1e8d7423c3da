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

/** No connection for this caller: each stayed busy for too long, or the caller went away, or the pool is closed. */
export class PoolExhausted extends Error {
  override name = "PoolExhausted";
}

/** What a caller asks for beside a connection. */
export interface AcquireOptions {
  /** Milliseconds to wait at most, where that is less than `acquireTimeoutMs`. */
  withinMs?: number | undefined;
  /** Ends the wait when it fires: nobody is left to use the connection. */
  signal?: AbortSignal | undefined;
}

interface Waiting<C> {
  resolve(connection: C): void;
  reject(error: unknown): void;
}

/** A lazy pool: the first connection is opened when the first caller asks. */
export class ConnectionPool<C extends Poolable> {
  readonly #options: PoolOptions<C>;
  readonly #busy = new Set<C>();
  #idle: { connection: C; since: number }[] = [];
  #waiting: Waiting<C>[] = [];
  #opening = 0;
  #closed = false;

  constructor(options: PoolOptions<C>) {
    this.#options = options;
  }

  /** See {@link PoolFigures}. */
  figures(): PoolFigures {
    return {
      size: this.#options.size,
      busy: this.#busy.size,
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
  acquire({ withinMs = Number.POSITIVE_INFINITY, signal }: AcquireOptions = {}): Promise<C> {
    if (this.#closed) return Promise.reject(new PoolExhausted("The pool is closed"));
    if (signal?.aborted) return Promise.reject(new PoolExhausted("The caller has gone away"));
    const ms = Math.min(withinMs, this.#options.acquireTimeoutMs);
    if (ms <= 0) return Promise.reject(new PoolExhausted("There is no time left"));
    const idle = this.#takeIdle();
    if (idle) {
      this.#busy.add(idle);
      return Promise.resolve(idle);
    }
    return new Promise((resolve, reject) => {
      const giveUp = (why: string) => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        waiting.reject(new PoolExhausted(why));
      };
      const timer = setTimeout(() => giveUp("No connection became free in time"), ms);
      const leave = () => giveUp("The caller has gone away");
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", leave);
      };
      const waiting: Waiting<C> = {
        resolve(connection) {
          done();
          resolve(connection);
        },
        reject(error) {
          done();
          reject(error);
        },
      };
      signal?.addEventListener("abort", leave);
      this.#waiting.push(waiting);
      this.#openForWaiting();
    });
  }

  /** Gives a sound connection back: once, as it may be somebody else's after that. */
  release(connection: C): void {
    if (this.#busy.delete(connection)) this.#handOut(connection);
  }

  /** Gives a broken connection back. What broke it has most likely broken the idle ones too, so they go as well. */
  discard(connection: C): void {
    if (!this.#busy.delete(connection)) return;
    connection.close();
    this.#closeIdle();
    this.#openForWaiting();
  }

  /** Closes what is idle now, and the rest when it comes back. Nobody gets a connection any more. */
  close(): void {
    this.#closed = true;
    this.#closeIdle();
    for (const waiting of this.#waiting.splice(0)) waiting.reject(new PoolExhausted("The pool is closed"));
  }

  /** `close` without waiting for anybody: the connections in use are closed under their users' hands. */
  cut(): void {
    this.close();
    for (const connection of this.#busy) connection.close();
    this.#busy.clear();
  }

  #closeIdle(): void {
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
      this.#busy.add(connection);
      waiting.resolve(connection);
    } else {
      this.#idle.push({ connection, since: Date.now() });
    }
  }

  #openForWaiting(): void {
    const { size } = this.#options;
    while (this.#opening < this.#waiting.length && this.#busy.size + this.#idle.length + this.#opening < size) {
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
      this.#waiting.shift()?.reject(error);
      this.#openForWaiting();
    }
  }
}
