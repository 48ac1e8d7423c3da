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
    const compared = this.#differences(method, pathname, response.clone()).then((differences) => {
      this.findings.push(...differences);
    });
    this.#pending.add(compared);
    const done = () => this.#pending.delete(compared);
    compared.then(done, () => {});
  }

  async #differences(method: string, pathname: string, response: Response): Promise<string[]> {
    // Loaded where it is needed: most test files call no function.
    const { operationAt, undocumented } = await import("./documented.ts");
    const operation = operationAt(method, pathname);
    // A test may break a body off.
    const text = await response.text().catch(() => undefined);
    if (!operation || text === undefined) return [];
    this.compared += 1;
    const found = undocumented(operation, { status: response.status, headers: response.headers, text });
    return found.map((difference) => `${operation.name}: ${difference}`);
  }
}

let ofThisFile: DocumentWatch | undefined;

/** The watch over the test file that is running. */
export function documentWatch(): DocumentWatch {
  ofThisFile ??= new DocumentWatch();
  return ofThisFile;
}
