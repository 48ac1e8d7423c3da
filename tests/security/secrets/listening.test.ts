import { once } from "node:events";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { afterAll, expect, inject, test } from "vitest";
import { startTestStack } from "../../support/stack.ts";

const stack = await startTestStack();

afterAll(() => stack.stop());

const parts: Record<string, number> = {
  "the gateway": Number(new URL(stack.url).port),
  "the edge functions": stack.services.functions.port,
  PostgreSQL: Number(new URL(inject("adminUrl")).port),
};

/** Every address of this machine but the one; a server that listens on all of them answers on each. */
const others = [
  "127.0.0.2",
  ...Object.values(networkInterfaces()).flatMap((addresses) => addresses?.map(({ address }) => address) ?? []),
].filter((address) => address !== "127.0.0.1");

async function answers(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port, timeout: 2_000 });
  try {
    await Promise.race([once(socket, "connect"), once(socket, "timeout").then(() => Promise.reject())]);
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

test.each(Object.keys(parts))("%s listens on 127.0.0.1 alone", async (part) => {
  const port = parts[part] ?? 0;
  expect(await answers("127.0.0.1", port)).toBe(true);
  for (const host of others) expect([host, await answers(host, port)]).toEqual([host, false]);
});
