import { Agent, type IncomingMessage, request } from "node:http";

/** A request as it goes over the wire, to the functions themselves. */
export interface Wire {
  method: string;
  /** Below /functions/v1/. */
  path: string;
  headers: Record<string, string>;
  body?: string;
  /** Leave `in the body`, half of which is sent by then, or `before the answer`. */
  hangUp?: "in the body" | "before the answer";
  /** Send the body in chunks, without saying how long it is. */
  chunked?: boolean;
}

export interface WireAnswer {
  status: number;
  headers: Record<string, string | undefined>;
  text: string;
}

/** No answer of the functions takes longer, whatever happens to them. */
export const PATIENCE_MS = 30_000;

/** Where the functions listen, with connections that are kept. */
export class Wires {
  readonly #agent = new Agent({ keepAlive: true });

  constructor(readonly port: number) {}

  /** The answer; null where the client hung up. @throws Error where the connection was lost */
  send(wire: Wire): Promise<WireAnswer | null> {
    return new Promise((resolve, reject) => {
      const body = wire.body === undefined ? undefined : Buffer.from(wire.body);
      const length = body === undefined || wire.chunked ? {} : { "content-length": String(body.length) };
      const outgoing = request({
        host: "127.0.0.1",
        port: this.port,
        method: wire.method,
        path: `/functions/v1/${wire.path}`,
        headers: { ...wire.headers, ...(body ? { "content-type": "application/json" } : {}), ...length },
        // Who hangs up takes the connection along.
        agent: wire.hangUp ? false : this.#agent,
      });
      outgoing.setTimeout(PATIENCE_MS, () => outgoing.destroy(new Error(`no answer within ${PATIENCE_MS} ms`)));
      outgoing.on("error", (error) => (wire.hangUp ? resolve(null) : reject(error)));
      outgoing.on("response", (incoming) => read(incoming).then(resolve, reject));
      if (wire.hangUp === "in the body" && body) {
        outgoing.write(body.subarray(0, body.length >> 1), () => outgoing.destroy());
      } else if (wire.hangUp) {
        outgoing.end(body, () => setImmediate(() => outgoing.destroy()));
      } else {
        outgoing.end(body);
      }
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

async function read(incoming: IncomingMessage): Promise<WireAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]));
  return { status: incoming.statusCode ?? 0, headers, text: Buffer.concat(chunks).toString("utf8") };
}
