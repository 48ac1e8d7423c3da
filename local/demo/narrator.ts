import { filledText } from "../columns.ts";

const INDENT = " ".repeat(11);

/** Who makes a call: a secret key, and the label under which the history knows the caller. */
export interface Party {
  key: string;
  label: string;
}

/** Makes the calls of a story and tells of each what it did, and how long it took. */
export class Narrator {
  calls = 0;

  /** @param url of the stack; @param print where the story goes */
  constructor(
    readonly url: string,
    readonly print: (text: string) => void,
  ) {}

  chapter(title: string): void {
    this.print(`\n${title}\n`);
  }

  /** A line of its own, or several where it is long. */
  tell(text: string, ms?: number): void {
    const lead = ms === undefined ? INDENT : `${`${ms.toFixed(0)} ms`.padStart(8)}   `;
    this.print(
      filledText(text, lead, INDENT)
        .map((line) => `${line}\n`)
        .join(""),
    );
  }

  /**
   * Calls an edge function and tells about it.
   *
   * @param call such as "POST exec-sessions/<id>/pause"
   * @param expected HTTP status that the story needs
   * @param telling what to say of the answer
   * @throws Error when the answer has another status
   */
  async call<T = unknown>(
    { key, label }: Party,
    call: string,
    body: unknown,
    expected: number,
    telling: (answer: T) => string,
  ): Promise<T> {
    const [method, path] = call.split(" ");
    const begun = performance.now();
    const response = await fetch(`${this.url}/functions/v1/${path}`, {
      method,
      headers: { apikey: key, "x-leo-actor": label, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    const ms = performance.now() - begun;
    this.calls += 1;
    if (response.status !== expected) {
      throw new Error(`${call} answered ${response.status} where the story needs ${expected}: ${text}`);
    }
    const answer = JSON.parse(text) as T;
    this.tell(`${label} ${telling(answer)}`, ms);
    return answer;
  }
}
