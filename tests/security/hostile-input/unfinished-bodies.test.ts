import fc from "fast-check";
import { afterAll, describe, expect, test, vi } from "vitest";
import { type Operation, operations } from "../../../types/contracts/operations.ts";
import { type Exchange, startArena } from "./support/arena.ts";
import { fitted, requestOf } from "./support/bodies.ts";
import { settle } from "./support/bookkeeping.ts";
import { accepted } from "./support/contract-bodies.ts";
import { violationOf } from "./support/invariants.ts";
import { jsonText } from "./support/json-text.ts";
import { type Ending, headOf, sendBytes } from "./support/raw-http.ts";
import { seed, timeout } from "./support/runs.ts";

// Long enough for a body that is on its way.
const arena = await startArena({ LEO_BODY_TIMEOUT_MS: "700" });
const ports = { functions: arena.stack.services.functions.port, gateway: Number(new URL(arena.stack.url).port) };

afterAll(() => arena.stop());

const withBody = operations.filter(({ request }) => request);
const aim = { readiness: "ready", caller: 0, fitting: true } as const;

/** A request that would succeed, were its body to end. */
async function sound(operation: Operation, name: string) {
  if (!operation.request) throw new Error("it takes no body");
  const subject = await arena.target(operation).take("ready");
  const [body] = fc.sample(accepted(operation.request), { numRuns: 1, seed });
  const bytes = Buffer.from(jsonText(fitted(body, subject)));
  const request = requestOf(arena, operation, aim, subject, bytes);
  return {
    ...request,
    body: bytes,
    headers: { ...request.headers, "x-request-id": `${name}-${withBody.indexOf(operation)}` },
  };
}

type Sound = Awaited<ReturnType<typeof sound>>;

/** Says that there is more to come than the whole JSON, which comes at once. */
const announcements: Record<string, (request: Sound) => Buffer> = {
  "a Content-Length that is too large": ({ headers, body, ...request }) => {
    const head = headOf({ ...request, headers: { ...headers, "content-length": String(body.length + 100) } });
    return Buffer.concat([Buffer.from(head), body]);
  },
  "chunks without a last one": ({ headers, body, ...request }) => {
    const head = headOf({ ...request, headers: { ...headers, "transfer-encoding": "chunked" } });
    return Buffer.concat([Buffer.from(`${head}${body.length.toString(16)}\r\n`), body, Buffer.from("\r\n")]);
  },
};

describe.each(Object.entries(announcements))("a whole body with %s moves nothing", (name, announce) => {
  const endings: [string, keyof typeof ports, Ending][] = [
    ["and then silence", "functions", {}],
    ["and then silence, through the gateway", "gateway", {}],
    ["and then a byte now and then", "functions", { drip: name.startsWith("chunks") ? "1\r\n \r\n" : " " }],
  ];
  test.each(endings)("%s", { timeout }, async (ending, through, how) => {
    const exchanges = await Promise.all(
      withBody.map(async (operation): Promise<Exchange> => {
        const request = await sound(operation, `${name} ${ending}`.replace(/\W+/g, "-"));
        const answer = await sendBytes(ports[through], announce(request), how);
        if (!answer) throw new Error(`${operation.function}${operation.path} was not answered`);
        return { request, answer };
      }),
    );
    for (const exchange of exchanges) {
      expect(violationOf(exchange, operations, arena.stack.secrets)).toBeUndefined();
      expect(exchange.answer.status).toBe(400);
      expect(JSON.parse(exchange.answer.text).issues).toEqual([
        { path: [], message: "The body took too long to arrive" },
      ]);
    }
    await settle(arena, exchanges);
  });

  test("and then the end of the connection", { timeout }, async () => {
    const requests = await Promise.all(withBody.map((operation) => sound(operation, `hung-up-${name.split(" ")[0]}`)));
    await Promise.all(requests.map((request) => sendBytes(ports.functions, announce(request), { hangUp: true })));
    // Nobody hears the answers; the log has them.
    const ids = new Set(requests.map(({ headers }) => headers["x-request-id"]));
    const statuses: number[] = [];
    await vi.waitUntil(
      () => {
        for (const text of arena.stack.functionsLog.splice(0)) {
          const line = JSON.parse(text);
          if (ids.delete(line.request_id)) statuses.push(line.status);
        }
        return ids.size === 0;
      },
      { timeout: 60_000, interval: 10 },
    );
    expect(new Set(statuses)).toEqual(new Set([400]));
    expect(await arena.audit.take()).toEqual([]);
  });
});
