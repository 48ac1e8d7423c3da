import { inject } from "vitest";
import { maskSecrets } from "../../functions/_shared/mask-secrets.ts";
import type { LocalSecrets } from "../../local/secrets.ts";
import { findLeaks, readingsOf } from "./leak-watch-patterns.ts";

type Fetch = typeof globalThis.fetch;

/** Whose answers are looked through; those of Auth carry tokens by nature. */
const WATCHED = /^\/(?:functions|rest)\/v1(?:\/|$)/;

/** A body that has not ended by then was left hanging on purpose. */
const SETTLE_MS = 5_000;

/** Looks through responses of functions and Data API, and the functions' log, for what must not be in them. */
export class LeakWatch {
  /** One text per leak. */
  readonly findings: string[] = [];
  /** How much was looked through. */
  readonly examined = { responses: 0, lines: 0 };
  readonly #secrets: LocalSecrets;
  readonly #pending = new Set<Promise<void>>();

  constructor(secrets: LocalSecrets) {
    this.#secrets = secrets;
  }

  /** The same `fetch`, but that a copy of what it brings is looked through on the side. */
  over(fetch: Fetch): Fetch {
    return async (input, init) => {
      const response = await fetch(input, init);
      const url = new URL(input instanceof Request ? input.url : String(input));
      if (WATCHED.test(url.pathname)) this.#examine(url, init ?? {}, response);
      return response;
    };
  }

  /** Looks through a line that a function logged. */
  line(line: string): void {
    this.examined.lines += 1;
    this.#note("the functions' log", line);
  }

  /** Resolves when all that has come in is looked through. */
  async settle(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, SETTLE_MS);
    });
    await Promise.race([Promise.all(this.#pending), late]);
    clearTimeout(timer);
  }

  #examine(url: URL, { method = "GET", body }: RequestInit, response: Response): void {
    const source = `${method} ${url.pathname} → ${response.status}`;
    // Only asked where something is found, which is rare.
    const isContent = (match: string) => contentOf(url, body).includes(match);
    const headers = Array.from(response.headers, ([name, value]) => `${name}: ${value}`).join("\n");
    this.#note(`the headers of ${source}`, headers, isContent);
    const examined = response
      .clone()
      .text()
      .then((text) => {
        this.examined.responses += 1;
        this.#note(source, text, isContent);
      })
      // A body that a test broke off says no more than what it was broken off at.
      .catch(() => {})
      .finally(() => this.#pending.delete(examined));
    this.#pending.add(examined);
  }

  #note(source: string, text: string, isContent?: (match: string) => boolean): void {
    for (const { what, where } of findLeaks(text, this.#secrets, isContent)) {
      this.findings.push(`${what} in ${source}: ${maskSecrets(where)}`);
    }
  }
}

/** What a request brings as content, its credentials not among it. */
function contentOf(url: URL, body: RequestInit["body"]): string {
  const text = typeof body === "string" ? body : body instanceof Uint8Array ? new TextDecoder().decode(body) : "";
  const query = [...url.searchParams].flat();
  return [...readingsOf(text), ...query, decodeURIComponentSafely(url.pathname)].join("\n");
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

let ofThisFile: LeakWatch | undefined;

/** The watch over the test file that is running. */
export function leakWatch(): LeakWatch {
  ofThisFile ??= new LeakWatch(inject("secrets"));
  return ofThisFile;
}
