import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { messageOf, StackError } from "./stack-error.ts";

/** Said of every other path. */
const NOT_SERVED =
  "this stack serves /rest/v1, /auth/v1 and /functions/v1; Realtime and Storage come with supabase start, " +
  "or with a hosted project";

/** For answers that are under way when the gateway closes. */
const LAST_ANSWERS_MS = 1_000;

export interface GatewayOptions {
  /** 0 takes any free port. */
  port: number;
  /** Answers `/rest/v1` and `/auth/v1`. */
  dataApi: (request: Request) => Promise<Response>;
}

/** The one address of the stack, with the paths of a Supabase project. */
export interface Gateway {
  port: number;
  url: string;
  /** Where `/functions/v1` leads; requests wait for nothing and get 503 until it is set. */
  functionsPort: number | null;
  close(): Promise<void>;
}

function refuse(response: ServerResponse, status: number, code: string, detail: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = JSON.stringify({ type: "about:blank", title: code.replaceAll("_", " "), status, code, detail });
  response.writeHead(status, {
    "content-type": "application/problem+json",
    "access-control-allow-origin": "*",
    ...(status === 503 ? { "retry-after": "1" } : {}),
  });
  response.end(body);
}

function forward(agent: Agent, port: number, incoming: IncomingMessage, response: ServerResponse): void {
  const outgoing = request(
    { agent, host: "127.0.0.1", port, method: incoming.method, path: incoming.url, headers: incoming.headers },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
      answer.on("error", () => response.destroy());
    },
  );
  outgoing.on("error", () => refuse(response, 503, "functions_unavailable", "the edge functions do not answer"));
  // A function may answer before it has read the whole body (413). The rest of it is read and forgotten, or the
  // caller's connection would hang with its next request.
  response.on("finish", () => {
    incoming.unpipe(outgoing);
    incoming.resume();
  });
  // A caller that hangs up must not leave the function waiting for the rest of its body.
  response.on("close", () => outgoing.destroy());
  incoming.pipe(outgoing);
}

function listening(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) =>
      reject(new StackError(`the gateway cannot listen on port ${port}: ${messageOf(error)}`)),
    );
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : port);
    });
  });
}

/** Listens on 127.0.0.1 only. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const serveDataApi = getRequestListener(options.dataApi, { overrideGlobalObjects: false });
  const server = createServer((incoming, response) => {
    const path = (incoming.url ?? "/").split("?", 1)[0] ?? "/";
    if (/^\/(rest|auth)\/v1(\/|$)/.test(path)) {
      void serveDataApi(incoming, response);
    } else if (/^\/functions\/v1(\/|$)/.test(path)) {
      if (gateway.functionsPort === null)
        refuse(response, 503, "functions_unavailable", "the edge functions are starting");
      else forward(agent, gateway.functionsPort, incoming, response);
    } else {
      refuse(response, 404, "not_found", NOT_SERVED);
    }
  });
  const port = await listening(server, options.port);
  const gateway: Gateway = {
    port,
    url: `http://127.0.0.1:${port}`,
    functionsPort: null,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // The functions may have ended by now, but what they answered last is still on its way through here.
      server.closeIdleConnections();
      const cutting = setTimeout(() => server.closeAllConnections(), LAST_ANSWERS_MS);
      await closed;
      clearTimeout(cutting);
      agent.destroy();
    },
  };
  return gateway;
}
