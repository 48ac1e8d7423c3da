/** Where the time of one request goes, for the header Server-Timing. */
export class Timing {
  readonly #start = performance.now();
  #auth = 0;
  #db = 0;

  /** Runs `work`, counting its time as that of `part`. */
  async measure<T>(part: "auth" | "db", work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await work();
    } finally {
      const spent = performance.now() - start;
      if (part === "auth") this.#auth += spent;
      else this.#db += spent;
    }
  }

  /** Milliseconds since the request came in. */
  get total(): number {
    return performance.now() - this.#start;
  }

  /** Value of Server-Timing, in milliseconds. */
  header(): string {
    const [auth, db, total] = [this.#auth, this.#db, this.total].map((ms) => ms.toFixed(2));
    return `auth;dur=${auth}, db;dur=${db}, total;dur=${total}`;
  }
}
