import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { leakWatch } from "../../support/leak-watch.ts";

/** Somebody else's answer: instead of passing the request on, or of the functions' answer where `carriedOut`. */
interface OtherAnswer {
  status: number;
  type: string;
  body: string;
  retryAfter?: string;
  carriedOut?: boolean;
}

/** What is done to one request; the ones after those that are named are passed on and answered. */
export type Mishap =
  /** Carried out; the connection is cut before the answer. */
  | "lose the answer"
  /** Carried out; the connection is cut in the middle of the answer's body. */
  | "cut the answer"
  /** Neither passed on nor answered. */
  | "swallow"
  | OtherAnswer;

/** An HTTP server before a stack, which is good for nothing as long as it is told so. */
export interface RudeProxy {
  url: string;
  /** Done to the next requests, in this order. */
  mishaps: Mishap[];
  close(): Promise<void>;
}

function answerInstead(response: ServerResponse, { status, type, body, retryAfter }: OtherAnswer): void {
  const later = retryAfter === undefined ? {} : { "retry-after": retryAfter };
  response.writeHead(status, { "content-type": type, ...later }).end(body);
}

/** Before everything at `target`. */
export async function startRudeProxy(target: string): Promise<RudeProxy> {
  const mishaps: Mishap[] = [];
  const server = createServer(async (request, response) => {
    const mishap = mishaps.shift();
    if (mishap === "swallow") return;
    if (typeof mishap === "object" && !mishap.carriedOut) return answerInstead(response, mishap);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { host: _host, connection: _connection, "content-length": _length, ...headers } = request.headers;
    const answer = await leakWatch().over(fetch)(`${target}${request.url}`, {
      method: request.method,
      headers: headers as Record<string, string>,
      body: chunks.length > 0 ? Buffer.concat(chunks) : undefined,
    });
    const body = Buffer.from(await answer.arrayBuffer());
    if (typeof mishap === "object") return answerInstead(response, mishap);
    if (mishap === "lose the answer") {
      response.destroy();
      return;
    }
    const {
      "content-encoding": _encoding,
      "transfer-encoding": _transfer,
      ...rest
    } = Object.fromEntries(answer.headers);
    response.writeHead(answer.status, { ...rest, "content-length": body.length });
    if (mishap === "cut the answer") response.write(body.subarray(0, 20), () => response.destroy());
    else response.end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the proxy has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    mishaps,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
