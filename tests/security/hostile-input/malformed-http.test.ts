import { afterAll, expect, test } from "vitest";
import { operations } from "../../../types/contracts/operations.ts";
import { startArena } from "./support/arena.ts";
import { violationOf } from "./support/invariants.ts";
import { sendBytes } from "./support/raw-http.ts";
import { timeout } from "./support/runs.ts";

const arena = await startArena({ LEO_BODY_TIMEOUT_MS: "300" });
const ports = { functions: arena.stack.services.functions.port, gateway: Number(new URL(arena.stack.url).port) };

afterAll(() => arena.stop());

const credentials = `apikey: ${arena.stack.secretKey}`;
const json = "content-type: application/json";
const claim = (...lines: string[]) =>
  ["POST /functions/v1/telemetry-runs/claim HTTP/1.1", "host: x", credentials, json, ...lines].join("\r\n");
const body = '{"worker":"w"}';
const health = (...lines: string[]) =>
  `${["GET /functions/v1/health HTTP/1.1", "host: x", ...lines].join("\r\n")}\r\n\r\n`;

/** Each of them asks for something that would be done, if it were asked for properly, or is open to all. */
const malformed: [string, string][] = [
  ["two lengths that differ", `${claim("content-length: 14", "content-length: 2")}\r\n\r\n${body}`],
  ["a length and chunks", `${claim("content-length: 14", "transfer-encoding: chunked")}\r\n\r\n${body}`],
  ["a negative length", `${claim("content-length: -1")}\r\n\r\n${body}`],
  ["a length that is no number", `${claim("content-length: 1e1")}\r\n\r\n${body}`],
  ["a length beyond all numbers", `${claim(`content-length: ${"9".repeat(30)}`)}\r\n\r\n${body}`],
  ["a length that is larger than a body may be", `${claim("content-length: 99999999999")}\r\n\r\n${body}`],
  ["a chunk of no size", `${claim("transfer-encoding: chunked")}\r\n\r\nzz\r\n${body}\r\n0\r\n\r\n`],
  [
    "a chunk of a size beyond all numbers",
    `${claim("transfer-encoding: chunked")}\r\n\r\n${"f".repeat(30)}\r\n${body}`,
  ],
  ["chunks twice", `${claim("transfer-encoding: chunked, chunked")}\r\n\r\ne\r\n${body}\r\n0\r\n\r\n`],
  ["an unknown transfer encoding", `${claim("transfer-encoding: gzip")}\r\n\r\n${body}`],
  ["a header without a colon", `${claim("nonsense")}\r\n\r\n${body}`],
  ["a header name with a blank", `${claim("content-length : 14")}\r\n\r\n${body}`],
  ["a header with a control character", `${claim("content-length: 14", "x-leo-actor: a\u0001b")}\r\n\r\n${body}`],
  ["a header with a NUL", `${claim("content-length: 14", "x-leo-actor: a\u0000b")}\r\n\r\n${body}`],
  ["a header of 100 kB", `${claim("content-length: 14", `x-y: ${"y".repeat(100_000)}`)}\r\n\r\n${body}`],
  [
    "a thousand headers",
    `${claim("content-length: 14", ...Array.from({ length: 1_000 }, (_, i) => `x-${i}: y`))}\r\n\r\n${body}`,
  ],
  ["a path of 100 kB", `POST /${"y".repeat(100_000)} HTTP/1.1\r\nhost: x\r\n\r\n`],
  ["a path of bytes", "GET /functions/v1/\u00ff\u00fe HTTP/1.1\r\nhost: x\r\n\r\n"],
  ["a path with a blank", "GET /functions/v1/health x HTTP/1.1\r\nhost: x\r\n\r\n"],
  ["no path", "GET HTTP/1.1\r\nhost: x\r\n\r\n"],
  ["a path without a slash", "GET functions/v1/health HTTP/1.1\r\nhost: x\r\n\r\n"],
  ["a server instead of a path", "CONNECT x:443 HTTP/1.1\r\nhost: x\r\n\r\n"],
  ["an unknown version", "GET /functions/v1/health HTTP/9.9\r\nhost: x\r\n\r\n"],
  ["no HTTP at all", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003\r\n\r\n"],
  ["a method of bytes", "G\u00cbT /functions/v1/health HTTP/1.1\r\nhost: x\r\n\r\n"],
];

/** As strange, and to be understood by those who can. */
const unusual: [string, string][] = [
  ["a whole address instead of a path", "GET http://elsewhere.test/functions/v1/health HTTP/1.1\r\nhost: x\r\n\r\n"],
  ["a question about everything", "OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n"],
  ["an old version", "GET /functions/v1/health HTTP/1.0\r\nhost: x\r\n\r\n"],
  ["a method in lower case", "get /functions/v1/health HTTP/1.1\r\nhost: x\r\n\r\n"],
  ["an upgrade to another protocol", health("connection: upgrade", "upgrade: websocket", "sec-websocket-version: 13")],
  ["an upgrade to HTTP/2", health("connection: upgrade, http2-settings", "upgrade: h2c", "http2-settings: AAMAAABk")],
  ["an empty host", "GET /functions/v1/health HTTP/1.1\r\nhost:\r\n\r\n"],
  ["a body with a GET", `${health("content-length: 4").trimEnd()}\r\n\r\nabcd`],
  ["an expectation", `${claim("content-length: 2", "expect: 100-continue")}\r\n\r\n{}`],
];

async function stillServes(): Promise<void> {
  const answer = await arena.functions.send({ method: "GET", path: "/functions/v1/health", headers: {} });
  expect(answer.status).toBe(200);
}

test.each(malformed)("%s: refused, and nothing moves", { timeout }, async (_what, bytes) => {
  await arena.target(claiming()).take("ready");
  for (const port of Object.values(ports)) {
    const answer = await sendBytes(port, Buffer.from(bytes, "latin1"));
    arena.tally.requests += 1;
    // The server's own refusal, which may be no more than the end of the connection, or one of ours.
    if (!answer) continue;
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    const request = { method: "POST", path: "", headers: {} };
    if (answer.text !== "") expect(violationOf({ request, answer }, [], arena.stack.secrets)).toBeUndefined();
  }
  expect(await arena.audit.take()).toEqual([]);
  await stillServes();
});

test.each(unusual)("%s: understood or refused", { timeout }, async (_what, bytes) => {
  const answer = await sendBytes(ports.functions, Buffer.from(bytes, "latin1"));
  arena.tally.requests += 1;
  if (!answer) throw new Error("it was not answered");
  const method = bytes.split(" ", 1)[0] ?? "";
  const request = { method, path: "", headers: {} };
  expect(violationOf({ request, answer }, operations, arena.stack.secrets)).toBeUndefined();
  expect(await arena.audit.take()).toEqual([]);
  await stillServes();
});

function claiming() {
  const operation = operations.find(({ path }) => path === "/claim");
  if (!operation) throw new Error("there is no claim");
  return operation;
}
