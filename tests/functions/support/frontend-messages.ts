const START_UP = 196_608;

/** Reads what a PostgreSQL client sends, and reports each statement: a simple query, or a parse that was sent. */
export class FrontendMessages {
  #rest: Buffer = Buffer.alloc(0);
  #started = false;
  #parsed = "";

  constructor(readonly onStatement: (text: string) => void) {}

  push(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    // Messages have no type until the start-up message is through (an SSL request may come before it).
    while (this.#rest.length >= (this.#started ? 5 : 8)) {
      const typed = this.#started ? 1 : 0;
      const end = typed + this.#rest.readInt32BE(typed);
      if (this.#rest.length < end) return;
      this.#message(this.#rest.subarray(0, end));
      this.#rest = this.#rest.subarray(end);
    }
  }

  #message(message: Buffer): void {
    if (!this.#started) {
      this.#started = message.readInt32BE(4) === START_UP;
      return;
    }
    const type = String.fromCharCode(message[0] as number);
    // Query: text. Parse: statement name, text. Sync: the client now waits for the answer.
    if (type === "Q") this.onStatement(message.toString("utf8", 5, message.length - 1));
    if (type === "P") this.#parsed = message.toString("utf8", 5).split("\0")[1] ?? "";
    if (type === "S") this.onStatement(this.#parsed);
  }
}
