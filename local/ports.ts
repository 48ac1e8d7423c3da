import { createServer } from "node:net";
import { StackError } from "./stack-error.ts";

function listen(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : port));
    });
  });
}

/** A TCP port on 127.0.0.1 that nothing listens on at this moment. */
export function freePort(): Promise<number> {
  return listen(0);
}

/**
 * Refuses early, and by name, when a port is taken.
 *
 * @param option the command-line option with which the user picks another one
 * @throws StackError
 */
export async function requireFreePort(port: number, what: string, option: string): Promise<void> {
  try {
    await listen(port);
  } catch {
    throw new StackError(
      `port ${port} (${what}) is already in use; stop what listens there, ` +
        `or choose another: npm start -- ${option} <number>`,
    );
  }
}
