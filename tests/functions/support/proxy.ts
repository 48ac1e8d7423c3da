import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { FrontendMessages } from "./frontend-messages.ts";

/** A PostgreSQL server that can be reached or not, as a test wants it: everything passes through here. */
export interface DatabaseProxy {
  port: number;
  /** Statements that clients sent since the last call, in order; each cost its client one round trip. */
  takeStatements(): string[];
  /** Connections that are open now. */
  openConnections(): number;
  /** Cuts every connection and takes no new ones, like a server that is down. */
  goDown(): Promise<void>;
  comeBack(): Promise<void>;
  /** Cuts every connection, and takes new ones, like a server that was restarted. */
  cutConnections(): void;
  /** Passes nothing on in either direction, like a network that lost its way. */
  freeze(): void;
  thaw(): void;
  close(): Promise<void>;
}

/** Listens on 127.0.0.1 and passes everything on to `port`. */
export async function startProxy(port: number): Promise<DatabaseProxy> {
  const pairs = new Set<[Socket, Socket]>();
  const statements: string[] = [];
  /** What was held back while frozen; null while it is not. */
  let held: (() => void)[] | null = null;

  const server: Server = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    const pair: [Socket, Socket] = [client, upstream];
    const messages = new FrontendMessages((text) => statements.push(text));
    pairs.add(pair);
    const passOn = (to: Socket, chunk: Buffer) => {
      // Held back, not left unread: a client that hangs up is noticed at once.
      if (held) held.push(() => to.write(chunk));
      else to.write(chunk);
    };
    client.on("data", (chunk: Buffer) => {
      messages.push(chunk);
      passOn(upstream, chunk);
    });
    upstream.on("data", (chunk: Buffer) => passOn(client, chunk));
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => {
        pairs.delete(pair);
        for (const other of pair) other.destroy();
      });
    }
  });
  const listen = async (where: number) => {
    if (server.listening) return;
    server.listen(where, "127.0.0.1");
    await once(server, "listening");
  };
  await listen(0);
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the proxy has no port");

  const cutConnections = () => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
  };
  const stopListening = async () => {
    const closed = server.listening ? once(server, "close") : Promise.resolve();
    server.close();
    cutConnections();
    await closed;
  };
  return {
    port: address.port,
    takeStatements: () => statements.splice(0),
    openConnections: () => pairs.size,
    goDown: stopListening,
    comeBack: () => listen(address.port),
    cutConnections,
    freeze() {
      held ??= [];
    },
    thaw() {
      const late = held ?? [];
      held = null;
      for (const write of late) write();
    },
    close: stopListening,
  };
}
