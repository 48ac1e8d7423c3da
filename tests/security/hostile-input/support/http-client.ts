import { Agent, request as httpRequest, type IncomingHttpHeaders } from "node:http";

/** A request as it goes over the wire: `fetch` would tidy up path and headers. */
export interface HttpRequest {
  method: string;
  path: string;
  headers: Record<string, string | string[]>;
  body?: Uint8Array;
  /** Sends the body in these pieces, without Content-Length. */
  pieces?: Uint8Array[];
}

/** What came back. */
export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** Connections to one port of this machine, kept open and used again. */
export interface HttpClient {
  send(request: HttpRequest): Promise<HttpAnswer>;
  close(): void;
}

/** The body of a request, however it is sent. */
export function bodyOf({ body, pieces }: HttpRequest): Buffer {
  return Buffer.concat(pieces ?? (body ? [body] : []));
}

export function createClient(port: number): HttpClient {
  const agent = new Agent({ keepAlive: true });
  const once = ({ method, path, headers: given, body, pieces }: HttpRequest) =>
    new Promise<HttpAnswer | "closed">((resolve, reject) => {
      // Said for every method: of a GET with a body, Node.js would announce none.
      const framing = pieces ? { "transfer-encoding": "chunked" } : { "content-length": String(body?.length ?? 0) };
      const headers = { ...given, ...framing };
      const outgoing = httpRequest({ agent, host: "127.0.0.1", port, method, path, headers }, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text });
        });
      });
      outgoing.on("error", (error: NodeJS.ErrnoException) => {
        // The server may close an idle connection just when it is used again.
        if (outgoing.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE")) resolve("closed");
        else reject(error);
      });
      for (const piece of pieces ?? []) outgoing.write(piece);
      outgoing.end(pieces ? undefined : body);
    });
  return {
    async send(request) {
      for (let attempt = 1; attempt <= 20; attempt += 1) {
        const answer = await once(request);
        if (answer !== "closed") return answer;
      }
      throw new Error(`${request.method} ${request.path.slice(0, 100)}: every connection was closed`);
    },
    close: () => agent.destroy(),
  };
}
