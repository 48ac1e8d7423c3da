import { filledText } from "./columns.ts";

/** Prints one line per step with how long it took. */
export class Steps {
  readonly #write: (text: string) => void;
  readonly #started = performance.now();

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** Runs a step; `detail` of its result ends the line. */
  async run<T>(title: string, work: () => Promise<T>, detail: (result: T) => string = () => ""): Promise<T> {
    const begun = performance.now();
    const result = await work();
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    const told = `  ${title.padEnd(20)} ${`${seconds} s`.padStart(7)}  `;
    const lines = filledText(detail(result), told, " ".repeat(told.length));
    this.#write(lines.map((line) => `${line.trimEnd()}\n`).join(""));
    return result;
  }

  /** Seconds since the first step could begin. */
  elapsed(): number {
    return (performance.now() - this.#started) / 1000;
  }
}
