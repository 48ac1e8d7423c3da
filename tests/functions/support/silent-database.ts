import { once } from "node:events";
import { createServer, type Socket } from "node:net";

/** How far a server goes before it never says anything again. */
export const silences = ["at once", "after a question for the password", "in the middle of the TLS handshake"] as const;

/** See {@link silences}. */
export type Silence = (typeof silences)[number];

/** Something that accepts connections as a PostgreSQL server does, and then falls silent. */
export interface SilentDatabase {
  port: number;
  /** Connections that clients have made so far. */
  accepted(): number;
  /** Those of them that their clients have not let go of, in both directions. */
  held(): number;
  close(): Promise<void>;
}

const SSL_REQUEST = 80_877_103;
/** AuthenticationCleartextPassword, which asks for the password as it is. */
const PASSWORD_PLEASE = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]);

/** Listens on 127.0.0.1. Never hangs up by itself, also not on a client that does so on its own side. */
export async function startSilentDatabase(silence: Silence): Promise<SilentDatabase> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.once("data", (first: Buffer) => {
      if (silence === "in the middle of the TLS handshake" && first.readInt32BE(4) === SSL_REQUEST) socket.write("S");
      if (silence === "after a question for the password") socket.write(PASSWORD_PLEASE);
    });
    // What is sent to a client that has let go of the connection comes back as a reset; to one that still holds its
    // end of it, it does not.
    socket.on("end", () => {
      const knocking = setInterval(() => socket.write("N"), 20);
      socket.on("close", () => clearInterval(knocking));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  return {
    port,
    accepted: () => accepted,
    held: () => sockets.size,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
