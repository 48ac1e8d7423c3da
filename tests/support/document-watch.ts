type Fetch = typeof globalThis.fetch;

/** Compares every answer of a function with docs/openapi.json, whatever a test was about. */
export class DocumentWatch {
  /** One text per answer that is documented otherwise. */
  readonly findings: string[] = [];
  /** How many answers were compared. */
  compared = 0;
  readonly #pending = new Set<Promise<void>>();

  /** The same `fetch`, but that a copy of what a function answers is compared on the side. */
  over(fetch: Fetch): Fetch {
    return async (input, init) => {
      const response = await fetch(input, init);
      const request = input instanceof Request ? input : undefined;
      const { pathname } = new URL(request?.url ?? String(input));
      const method = init?.method ?? request?.method ?? "GET";
      // Only functions send it: others, such as a gateway, may stand in between.
      if (response.headers.has("server-timing")) this.#compare(method, pathname, response);
      return response;
    };
  }

  /** Resolves when all that has come in is compared. */
  async settle(): Promise<void> {
    await Promise.all(this.#pending);
  }

  #compare(method: string, pathname: string, response: Response): void {
    const compared = this.#differences(method, pathname, response.clone())
      .then((differences) => this.findings.push(...differences))
      // A body that a test broke off.
      .catch(() => {})
      .then(() => {
        this.#pending.delete(compared);
      });
    this.#pending.add(compared);
  }

  async #differences(method: string, pathname: string, response: Response): Promise<string[]> {
    // Loaded where it is needed: most test files call no function.
    const { operationAt, undocumented } = await import("./documented.ts");
    const text = await response.text();
    const operation = operationAt(method, pathname);
    if (!operation) return [];
    this.compared += 1;
    const contentType = response.headers.get("content-type");
    const found = undocumented(operation, { status: response.status, contentType, text });
    return found.map((difference) => `${operation.name}: ${difference}`);
  }
}

let ofThisFile: DocumentWatch | undefined;

/** The watch over the test file that is running. */
export function documentWatch(): DocumentWatch {
  ofThisFile ??= new DocumentWatch();
  return ofThisFile;
}
