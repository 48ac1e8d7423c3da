import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import { exportJWK, generateKeyPair, importJWK, type JWTPayload, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestStack, type TestStack } from "../support/stack.ts";
import { type FunctionsUnderTest, startFunctions } from "./support/functions.ts";
import { expectProblem } from "./support/problems.ts";

let stack: TestStack;
const userId = randomUUID();
const operatorClaims = { sub: userId, app_metadata: { leo_role: "operator" } };

beforeAll(async () => {
  stack = await startTestStack();
});

afterAll(() => stack.stop());

/** A call that a caller who gets in is answered 404 for, as it changes nothing. */
const knock = (headers: Record<string, string>) =>
  stack.call("exec-sessions/00000000-0000-0000-0000-000000000000/complete", { headers });

const asUser = (token: string) => knock({ apikey: stack.publishableKey, authorization: `Bearer ${token}` });

async function getsIn(response: Response, actor: string): Promise<void> {
  const { request_id } = await expectProblem(response, "not_found");
  const line = stack.functionsLog.find((entry) => entry.includes(request_id));
  expect(JSON.parse(line ?? "{}")).toMatchObject({ actor });
}

async function isTurnedAway(response: Response): Promise<string> {
  expect(response.headers.get("www-authenticate")).toBe("Bearer");
  return (await expectProblem(response, "unauthenticated")).detail;
}

describe("a secret key", () => {
  test("lets in, and its name becomes the actor", async () => {
    await getsIn(await knock({ apikey: stack.secretKey }), "secret:default");
  });

  test("lets in by any of its names", async () => {
    await getsIn(await knock({ apikey: stack.secrets.secretKeys.agent as string }), "secret:agent");
  });

  test("lets in beside whatever supabase-js puts into Authorization", async () => {
    const headers = { apikey: stack.secretKey, authorization: `Bearer ${stack.secretKey}` };
    await getsIn(await knock(headers), "secret:default");
  });

  test("takes a label for the actor", async () => {
    const headers = { apikey: stack.secretKey, "x-leo-actor": "agent-7:run.3_A" };
    await getsIn(await knock(headers), "secret:default/agent-7:run.3_A");
  });

  test.each(["", " ", "a b", "a/b", "x".repeat(65), 'a"b', "ü", "a,b"])("refuses the label %j", async (label) => {
    const response = await knock({ apikey: stack.secretKey, "x-leo-actor": label });
    const problem = await expectProblem(response, "invalid_request");
    expect(problem.issues).toMatchObject([{ path: ["x-leo-actor"] }]);
  });
});

describe("without a valid credential nobody gets in", () => {
  const changed = (key: string) => `${key.slice(0, -1)}${key.endsWith("A") ? "B" : "A"}`;

  test.each<[string, () => Record<string, string>]>([
    ["nothing", () => ({})],
    ["an empty key", () => ({ apikey: "" })],
    ["a publishable key alone", () => ({ apikey: stack.publishableKey })],
    [
      "a publishable key in both places",
      () => ({ apikey: stack.publishableKey, authorization: `Bearer ${stack.publishableKey}` }),
    ],
    ["an unknown secret key", () => ({ apikey: "sb_secret_unknown" })],
    ["a secret key with one character changed", () => ({ apikey: changed(stack.secretKey) })],
    ["a secret key with one character less", () => ({ apikey: stack.secretKey.slice(0, -1) })],
    ["a secret key with one character more", () => ({ apikey: `${stack.secretKey}A` })],
    ["a secret key in capitals", () => ({ apikey: stack.secretKey.toUpperCase() })],
    ["the name of a secret key", () => ({ apikey: "default" })],
    ["two keys at once", () => ({ apikey: `${stack.secretKey}, ${stack.secretKey}` })],
    ["a key named null", () => ({ apikey: "null" })],
    ["Basic authorization", () => ({ apikey: stack.publishableKey, authorization: "Basic dXNlcjpwYXNz" })],
    ["an empty token", () => ({ apikey: stack.publishableKey, authorization: "Bearer " })],
  ])("%s", async (_what, headers) => {
    await isTurnedAway(await knock(headers()));
  });

  test("a secret key in Authorization, where a hint says where it belongs", async () => {
    const headers: Record<string, string>[] = [
      { authorization: `Bearer ${stack.secretKey}` },
      { apikey: stack.publishableKey, authorization: `Bearer ${stack.secretKey}` },
    ];
    for (const each of headers) expect(await isTurnedAway(await knock(each))).toContain("header apikey");
  });

  test("a user's token without a publishable key, or with a wrong one", async () => {
    const authorization = `Bearer ${await stack.mintToken(operatorClaims)}`;
    await isTurnedAway(await knock({ authorization }));
    await isTurnedAway(await knock({ authorization, apikey: "sb_publishable_unknown" }));
  });
});

describe("a user's token", () => {
  test.each(["operator", "chairman"])("lets a user in whose leo_role is %s", async (role) => {
    const token = await stack.mintToken({ sub: userId, app_metadata: { leo_role: role } });
    await getsIn(await asUser(token), `user:${userId}`);
  });

  test("keeps the user's own identity, whatever label is sent", async () => {
    const token = await stack.mintToken(operatorClaims);
    const headers = {
      apikey: stack.publishableKey,
      authorization: `Bearer ${token}`,
      "x-leo-actor": "somebody-else",
    };
    await getsIn(await knock(headers), `user:${userId}`);
  });

  test.each<[string, JWTPayload]>([
    ["no role", {}],
    ["another role", { app_metadata: { leo_role: "viewer" } }],
    ["a role in other letters", { app_metadata: { leo_role: "Operator" } }],
    ["a list of roles", { app_metadata: { leo_role: ["operator"] } }],
    ["the role in user_metadata, which users can write", { user_metadata: { leo_role: "operator" } }],
    ["the role at the top", { leo_role: "operator" }],
    ["no app_metadata at all", { app_metadata: null }],
  ])("is not enough with %s", async (_what, claims) => {
    await expectProblem(await asUser(await stack.mintToken({ sub: userId, ...claims })), "forbidden");
  });

  test("of Auth itself lets an operator in, and keeps a plain user out", async () => {
    const operator = { email: "operator@example.com", appMetadata: { leo_role: "operator" } };
    const operatorId = await stack.createUser(operator);
    await stack.createUser({ email: "plain@example.com" });
    for (const [email, enters] of [
      ["operator@example.com", true],
      ["plain@example.com", false],
    ] as const) {
      const { data } = await (await stack.signIn(email)).auth.getSession();
      const response = await asUser(data.session?.access_token ?? "");
      if (enters) await getsIn(response, `user:${operatorId}`);
      else await expectProblem(response, "forbidden");
    }
  });
});

describe("a token is refused", () => {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  const claims = { ...operatorClaims, role: "authenticated", aud: "authenticated", exp: now + 600 };

  test.each<[string, () => JWTPayload]>([
    ["expired", () => ({ exp: now - 1 })],
    ["without an expiry", () => ({ exp: undefined })],
    ["not valid yet", () => ({ nbf: now + 600 })],
    ["of the role anon", () => ({ role: "anon" })],
    ["of the role service_role", () => ({ role: "service_role" })],
    ["without a role", () => ({ role: undefined })],
    ["without a user", () => ({ sub: undefined })],
    ["of a user that is no uuid", () => ({ sub: "secret:default" })],
  ])("%s", async (_what, changes) => {
    await isTurnedAway(await asUser(await stack.mintToken({ ...operatorClaims, ...changes() })));
  });

  test("with claims that were changed after signing", async () => {
    const [header, , signature] = (await stack.mintToken({ sub: userId })).split(".");
    await isTurnedAway(await asUser(`${header}.${encode(claims)}.${signature}`));
  });

  test("with a signature that was changed, cut off, or left out", async () => {
    const [header, payload, signature = ""] = (await stack.mintToken(operatorClaims)).split(".");
    const flipped = `${signature[0] === "A" ? "B" : "A"}${signature.slice(1)}`;
    for (const other of [flipped, signature.slice(0, 40), ""]) {
      await isTurnedAway(await asUser(`${header}.${payload}.${other}`));
    }
  });

  test("signed with another key under the same key id", async () => {
    const { privateKey } = await generateKeyPair("ES256");
    const kid = stack.secrets.signingKey.kid as string;
    const token = await new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid }).sign(privateKey);
    await isTurnedAway(await asUser(token));
  });

  test("signed with another key that it brings along", async () => {
    const { privateKey, publicKey } = await generateKeyPair("ES256");
    const header = { alg: "ES256", kid: "mine", jwk: await exportJWK(publicKey) };
    await isTurnedAway(await asUser(await new SignJWT(claims).setProtectedHeader(header).sign(privateKey)));
  });

  test("signed as HS256 with the public key, or with a wrong secret", async () => {
    const { kid } = stack.secrets.signingKey;
    const { d: _d, ...publicKey } = stack.secrets.signingKey;
    for (const secret of [JSON.stringify(publicKey), "a-wrong-secret-that-is-long-enough-to-sign-with"]) {
      const signer = new SignJWT(claims).setProtectedHeader({ alg: "HS256", kid: kid as string });
      await isTurnedAway(await asUser(await signer.sign(new TextEncoder().encode(secret))));
    }
  });

  test.each(["none", "None", "", "HS512", "ES512", "constructor"])("of the algorithm %j", async (alg) => {
    const { kid } = stack.secrets.signingKey;
    const [, , signature] = (await stack.mintToken(operatorClaims)).split(".");
    for (const header of [{ alg }, { alg, kid }]) {
      await isTurnedAway(await asUser(`${encode(header)}.${encode(claims)}.`));
      await isTurnedAway(await asUser(`${encode(header)}.${encode(claims)}.${signature}`));
    }
  });

  test("of an algorithm that is not the key's", async () => {
    const { kid } = stack.secrets.signingKey;
    const [, , signature] = (await stack.mintToken(operatorClaims)).split(".");
    await isTurnedAway(await asUser(`${encode({ alg: "RS256", kid })}.${encode(claims)}.${signature}`));
  });

  test.each([
    ["no dots", "abc"],
    ["only dots", ".."],
    ["five parts", "a.b.c.d.e"],
    ["no base64", "!.!.!"],
    ["a header that is no JSON", `${Buffer.from("{").toString("base64url")}.e30.AA`],
    ["a header that is null", `${encode(null)}.e30.AA`],
    ["a header that is a list", `${encode([])}.e30.AA`],
    ["claims that are no object", `${encode({ alg: "ES256", kid: "x" })}.${encode("x")}.AA`],
    ["claims that are null", `${encode({ alg: "ES256", kid: "x" })}.${encode(null)}.AA`],
    ["broken UTF-8", `${encode({ alg: "ES256", kid: "x" })}.${Buffer.from([0xff, 0xfe]).toString("base64url")}.AA`],
    ["a key id that is an object", `${encode({ alg: "ES256", kid: {} })}.${encode({ exp: 9e9 })}.AA`],
    ["7 000 characters", `${"a".repeat(7_000)}`],
    ["9 000 characters", `${encode({ alg: "ES256" })}.${"a".repeat(9_000)}.AA`],
  ])("with %s", async (_what, token) => {
    await isTurnedAway(await asUser(token));
  });
});

describe("when the Auth server is needed", () => {
  const hs256 = () =>
    new SignJWT({ ...operatorClaims, role: "authenticated", exp: Math.floor(Date.now() / 1000) + 600 })
      .setProtectedHeader({ alg: "HS256" })
      .sign(new TextEncoder().encode(stack.secrets.jwtSecret));

  async function knockAt(functions: FunctionsUnderTest, token: string): Promise<Response> {
    const headers = { apikey: stack.publishableKey, authorization: `Bearer ${token}` };
    return functions.call("exec-sessions/00000000-0000-0000-0000-000000000000/complete", { headers });
  }

  test("and cannot be reached, the answer is 503 and not 401; a token with a known key needs no Auth", async () => {
    const functions = await startFunctions();
    try {
      const response = await knockAt(functions, await hs256());
      expect(response.headers.get("retry-after")).toMatch(/^\d+$/);
      await expectProblem(response, "auth_unavailable");
      await expectProblem(await knockAt(functions, await stack.mintToken(operatorClaims)), "not_found");
      // What no Auth server would ever accept is not worth asking for.
      const [, payload] = (await hs256()).split(".");
      const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${payload}.`;
      await expectProblem(await knockAt(functions, unsigned), "unauthenticated");
      const wrong = await new SignJWT(operatorClaims)
        .setProtectedHeader({ alg: "ES256", kid: stack.secrets.signingKey.kid as string })
        .setExpirationTime("1s ago")
        .sign(await importJWK(stack.secrets.signingKey, "ES256"));
      await expectProblem(await knockAt(functions, wrong), "unauthenticated");
    } finally {
      await functions.stop();
    }
  });

  test("and fails, does not answer, or has enough of us, the answer is 503 too", async () => {
    let answer: number | null = null;
    const auth: Server = createServer((_request, response) => {
      if (answer !== null) response.writeHead(answer, { "content-type": "application/json" }).end('{"msg":"no"}');
    });
    await new Promise<void>((resolve) => auth.listen(0, "127.0.0.1", resolve));
    const { port } = auth.address() as { port: number };
    const supabaseUrl = `http://127.0.0.1:${port}`;
    const functions = await startFunctions({ supabaseUrl, env: { LEO_AUTH_TIMEOUT_MS: "300" } });
    try {
      for (answer of [null, 429, 500, 502]) {
        await expectProblem(await knockAt(functions, await hs256()), "auth_unavailable");
      }
      for (answer of [400, 401, 403, 404]) {
        await expectProblem(await knockAt(functions, await hs256()), "unauthenticated");
      }
      expect(functions.log.filter((line) => !line.startsWith("{"))).toEqual([]);
    } finally {
      await functions.stop();
      auth.closeAllConnections();
      auth.close();
    }
  });
});
