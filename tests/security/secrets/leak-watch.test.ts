import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { repositoryRoot } from "../../../local/paths.ts";
import { LeakWatch, leakWatch } from "../../support/leak-watch.ts";
import { findLeaks } from "../../support/leak-watch-patterns.ts";
import { startTestStack } from "../../support/stack.ts";

const stackSecrets = inject("secrets");
const { publishableKey, secretKeys, jwtSecret, signingKey, databasePassword, demoPassword } = stackSecrets;
const jwt = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";

/** One of each kind, with what it has to be called. */
const leaks: [what: string, text: string][] = [
  ["the secret key default", `key ${secretKeys.default}`],
  ["the secret key agent", `{"apikey":"${secretKeys.agent}"}`],
  ["the publishable key", publishableKey],
  ["the JWT secret", `jwt_secret is ${jwtSecret}.`],
  ["the private signing key", JSON.stringify(signingKey)],
  ["a private key", JSON.stringify({ ...signingKey, d: "x".repeat(43) })],
  ["a private key", "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE"],
  ["the database's password", `password authentication failed: ${databasePassword}`],
  ["the demo users' password", `{"password":"${demoPassword}"}`],
  ["an API key", "sb_secret_ofAnotherStack"],
  ["a JSON web token", `Bearer ${jwt}`],
  ["a JSON web token", jwt.split(".").slice(0, 2).join(".")],
  ["a connection string", "connect to postgresql://postgres:hunter2@127.0.0.1:5432/postgres"],
  ["a connection string", "postgres://postgres@db/postgres"],
  ["an SQL statement", "near: select leo.start_exec_session($1)"],
  ["an SQL statement", 'insert into "public"."companies" (id) values (1)'],
  ["an SQL statement", "SELECT id FROM public.companies"],
  ["an SQL statement", "delete from leo.idempotency_keys"],
  ["parameters of an SQL statement", "$1::jsonb, $2"],
  ["internals of PostgreSQL", '{"where":"PL/pgSQL function leo.refusal(text,jsonb) line 3 at RETURN"}'],
  ["internals of PostgreSQL", "ERROR: no\nCONTEXT: while it was at it"],
  ["a stack", "Error: no\n    at Connection.open (connection.ts:12:34)"],
  ["a stack", JSON.stringify({ error: "Error: no\n    at async pool.ts:12:34" })],
  ["the URL of a file", "file:///srv/functions/index.ts"],
  ["the URL of a file", "ext:deno_web/02_event.js"],
  ["a path of this machine", `${repositoryRoot}/functions/health/index.ts`],
];

const harmless = [
  "",
  '{"type":"urn:leo:problem:unauthenticated","detail":"Send a secret key in the header apikey, or a publishable one."}',
  "key sb_secret_*** is wrong, and so is postgresql://***",
  "function leo.start_exec_session(jsonb, jsonb) does not exist",
  'duplicate key value violates unique constraint "exec_implementation_sessions_pkey"',
  "look at noon: 12:30:45, or select public holidays",
  '{"sd_id":"SD-1","started_at":"2026-01-31T10:00:00+00:00","demo_urls":["https://demo.example/x:1:2"]}',
  "auth;dur=0.31, db;dur=2.20, total;dur=2.80",
  "update the public documentation",
];

describe("a leak is found", () => {
  // The texts stay out of the titles, as titles are printed.
  test.each(leaks.map(([what, text], index) => ({ index, what, text })))("$index: $what", ({ what, text }) => {
    const found = findLeaks(text, stackSecrets);
    expect(found.map((leak) => leak.what)).toContain(what);
  });

  test("without showing it again", () => {
    for (const secret of [...Object.values(secretKeys), jwtSecret, databasePassword, jwt]) {
      const [leak] = findLeaks(`before ${secret} after`, stackSecrets);
      expect(leak?.where).toMatch(/^"before .{6}… after"$/);
    }
  });

  test.each(harmless)("but not in %j", (text) => {
    expect(findLeaks(text, stackSecrets)).toEqual([]);
  });
});

describe("a watched fetch", () => {
  let server: Server;
  let url: string;
  let watch: LeakWatch;
  let fetch: typeof globalThis.fetch;

  beforeAll(async () => {
    // Answers with what it is sent, or with what a header asks for; at /hang it never ends.
    server = createServer(async (request, response) => {
      const sent = Buffer.concat(await request.toArray());
      const { "x-header": header, "x-body": body } = request.headers;
      response.writeHead(200, header === undefined ? {} : { "x-leak": header });
      if (request.url?.endsWith("/hang")) response.write("{");
      else response.end(body ?? sent);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  beforeEach(() => {
    watch = new LeakWatch(stackSecrets);
    // Not the one of this file, which is watched already.
    fetch = watch.over((input, init) => unwatched(input, init));
  });

  /** What is left of `fetch` without the watch over this file: these addresses are none of a stack's. */
  const unwatched: typeof globalThis.fetch = (input, init) =>
    globalThis.fetch(String(input).replace("/functions/v1/", "/f/").replace("/rest/v1/", "/r/"), init);

  test.each(["functions", "rest"])("finds a leak in an answer of /%s/v1, read or unread", async (part) => {
    const headers = { "x-body": secretKeys.default as string };
    expect(await (await fetch(`${url}/${part}/v1/health`, { headers })).text()).toBe(secretKeys.default);
    await fetch(`${url}/${part}/v1/other`, { method: "POST", headers });
    await watch.settle();
    expect(watch.examined.responses).toBe(2);
    expect(watch.findings).toEqual([
      expect.stringContaining(`the secret key default in GET /${part}/v1/health → 200`),
      expect.stringContaining("an API key"),
      expect.stringContaining(`the secret key default in POST /${part}/v1/other → 200`),
      expect.stringContaining("an API key"),
    ]);
    expect(watch.findings.join()).not.toContain(secretKeys.default);
  });

  test("finds a leak in a header", async () => {
    await fetch(`${url}/functions/v1/x`, { headers: { "x-header": jwt } });
    expect(watch.findings).toEqual([expect.stringMatching(/^a JSON web token in the headers of GET/)]);
  });

  test("does not look at what Auth answers", async () => {
    await fetch(`${url}/auth/v1/token`, { headers: { "x-body": jwt } });
    await watch.settle();
    expect([watch.examined.responses, watch.findings]).toEqual([0, []]);
  });

  test("lets pass what the request brought as content, in body, query or path", async () => {
    const text = `"select leo.x($1::jsonb)"\n    at x (y.ts:1:2) sb_secret_12345678 ${jwt}`;
    const body = JSON.stringify({ text });
    await fetch(`${url}/functions/v1/x`, { method: "POST", body });
    await fetch(`${url}/functions/v1/x`, { method: "POST", body: new TextEncoder().encode(body) });
    const query = new URLSearchParams({ name: `eq.${jwt}` });
    await fetch(`${url}/rest/v1/x?${query}`, { headers: { "x-body": `no ${jwt}` } });
    await watch.settle();
    expect([watch.examined.responses, watch.findings]).toEqual([3, []]);
  });

  test("finds the caller's own token, and a key of the stack though it was sent as content", async () => {
    const headers = { authorization: `Bearer ${jwt}`, "x-body": jwt };
    await fetch(`${url}/functions/v1/x`, { headers });
    await fetch(`${url}/functions/v1/x`, { method: "POST", body: JSON.stringify({ key: jwtSecret }) });
    await watch.settle();
    expect(watch.findings).toEqual([
      expect.stringMatching(/^a JSON web token in GET/),
      expect.stringMatching(/^the JWT secret in POST/),
    ]);
  });

  test("finds a leak in a log line", () => {
    watch.line('{"level":"info","status":200}');
    watch.line(`{"level":"error","error":{"message":"${databasePassword}"}}`);
    expect(watch.examined.lines).toBe(2);
    expect(watch.findings).toEqual([expect.stringMatching(/^the database's password in the functions' log/)]);
  });

  test("does not mind an answer that is broken off", async () => {
    const abort = new AbortController();
    const response = await fetch(`${url}/functions/v1/hang`, { signal: abort.signal });
    const reading = response.text();
    abort.abort();
    await expect(reading).rejects.toThrow("abort");
    await watch.settle();
    expect([watch.examined.responses, watch.findings]).toEqual([0, []]);
  });
});

test("every test file is watched: responses and log lines of its stacks", async () => {
  const { examined } = leakWatch();
  const before = { ...examined };
  const stack = await startTestStack();
  await fetch(`${stack.url}/functions/v1/health`);
  await stack.client().from("companies").select();
  await stack.stop();
  await leakWatch().settle();
  expect(examined.responses).toBe(before.responses + 2);
  expect(examined.lines).toBeGreaterThan(before.lines);
});
