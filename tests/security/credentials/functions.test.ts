import { afterAll, describe, expect, test } from "vitest";
import { healthAnswer } from "../../../types/contracts/health.ts";
import { operations } from "../../../types/contracts/operations.ts";
import { metricsRecorded } from "../../../types/contracts/orchestration-metrics.ts";
import { expectProblem } from "../../functions/support/problems.ts";
import { machinesOf } from "../../machines/support/machines.ts";
import { type Credential, named } from "./support/credential.ts";
import { digestOf } from "./support/digest.ts";
import { hostileTokens, operatorClaims } from "./support/hostile-tokens.ts";
import { hostileKeys } from "./support/keys.ts";
import { startCast } from "./support/people.ts";
import { expectRefused } from "./support/refused.ts";
import { type Request, seedRequests, send } from "./support/requests.ts";
import { ecToken, hmacToken, privateKeyOf } from "./support/tokens.ts";
import { usersWithoutTheRole } from "./support/users.ts";

const cast = await startCast();
const { stack } = cast;
const { database } = stack;
const machines = machinesOf(database);
const secretKey = { headers: { apikey: stack.secretKey } };
const asOperator = {
  headers: { apikey: stack.publishableKey, authorization: `Bearer ${cast.operator.accessToken}` },
};

/** Each made already, with an Idempotency-Key, by a service and by an operator, who would be answered again. */
const keyOf = ({ name }: Request) => `used for ${name}`;
const done = await seedRequests(database, machines);
for (const request of done) {
  expect([request.name, (await send(stack, request, secretKey, keyOf(request))).status]).toEqual([
    request.name,
    expect.toBeOneOf(request.operation.status),
  ]);
  await send(stack, request, asOperator, keyOf(request));
}
/** Not made by anybody yet. */
const ready = await seedRequests(database, machines);

const outsiders = [...hostileKeys(cast), ...hostileTokens(cast)];
const users = usersWithoutTheRole(cast);
const everybody = [...outsiders, ...users];
let requests = 0;

afterAll(async () => {
  console.info(
    `hostile credentials: ${everybody.length} × ${operations.length} operations, fresh and repeated: ${requests} requests`,
  );
  await stack.stop();
});

/** To whom an operation is open although it is closed to others: a user without a role, where users may call. */
const isOpenTo = ({ operation }: Request, { refusal }: Credential) =>
  operation.callers === "users" && refusal === "forbidden";

async function attempt(request: Request, credential: Credential, key?: string): Promise<void> {
  requests += 1;
  const response = await send(stack, request, credential, key);
  try {
    await expectRefused(response, credential.refusal, credential, stack.secrets);
  } catch (error) {
    throw new Error(`${request.name}${key ? " with a used Idempotency-Key" : ""}, by ${credential.name}`, {
      cause: error,
    });
  }
}

/** Waits for all, also when one fails, so that none goes on in another test. */
async function allOf(attempts: Promise<void>[]): Promise<void> {
  const outcomes = await Promise.allSettled(attempts);
  const failures = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
  if (failures.length > 0) throw failures[0];
}

test("the table has every credential once, and every operation", () => {
  expect(new Set(everybody.map(({ name }) => name)).size).toBe(everybody.length);
  expect(new Set(ready.map(({ name }) => name)).size).toBe(operations.length - 1);
});

describe("gets in nowhere, changes nothing, and is not answered what others were", () => {
  test.each(named(everybody))("%s", async (_name, credential) => {
    const before = await digestOf(database);
    const closed = (request: Request) => !isOpenTo(request, credential);
    await allOf(ready.filter(closed).map((request) => attempt(request, credential)));
    await allOf(done.filter(closed).map((request) => attempt(request, credential, keyOf(request))));
    expect(await digestOf(database)).toEqual(before);
  });
});

describe("may record metrics as anybody signed in, of which none of another company's is kept", () => {
  test.each(named(users))("%s", async (_name, credential) => {
    const before = await digestOf(database, ["public"]);
    for (const request of [...ready, ...done].filter((each) => isOpenTo(each, credential))) {
      requests += 1;
      const response = await send(stack, request, credential, done.includes(request) ? keyOf(request) : undefined);
      expect(response.status).toBe(200);
      expect(metricsRecorded.parse(await response.json())).toMatchObject({ accepted: 0, duplicates: 0, rejected: 1 });
    }
    expect(await digestOf(database, ["public"])).toEqual(before);
  });
});

describe("for comparison, gets in", () => {
  const { operator, chairman } = cast;
  const { signingKey, jwtSecret } = stack.secrets;
  const header = { alg: "ES256", kid: signingKey.kid, typ: "JWT" };
  const claims = operatorClaims(cast);
  const tokens: Record<string, string> = {
    "an operator, signed in": operator.accessToken,
    "a chairman, signed in": chairman.accessToken,
    "the token that the hostile ones are made of, ES256": ecToken(header, claims, privateKeyOf(signingKey)),
    "the token that the hostile ones are made of, HS256": hmacToken({ alg: "HS256" }, claims, jwtSecret),
    "an operator of a project with its own domain": ecToken(
      header,
      { ...claims, iss: "https://api.example.com/auth/v1" },
      privateKeyOf(signingKey),
    ),
    "an operator, for several audiences": ecToken(
      header,
      { ...claims, aud: ["another-app", "authenticated"] },
      privateKeyOf(signingKey),
    ),
  };

  test.each(Object.keys(tokens))("%s", async (name) => {
    const path = "exec-sessions/00000000-0000-0000-0000-000000000000/pause";
    const headers = { apikey: stack.publishableKey, authorization: `Bearer ${tokens[name]}` };
    await expectProblem(await stack.call(path, { headers }), "not_found");
  });
});

describe("health answers as it answers everybody", () => {
  test.each(named(everybody))("%s", async (_name, { headers, query = "" }) => {
    requests += 1;
    const response = await fetch(`${stack.url}/functions/v1/health${query}`, { headers });
    expect(response.status).toBe(200);
    const { database: reached } = healthAnswer.parse(await response.json());
    expect(reached).toEqual({ reachable: true, schema_version: expect.stringMatching(/^\d{14}$/) });
  });
});

describe("afterwards, by those who may", () => {
  test.each(named(done.filter(({ operation }) => operation.method !== "GET")))(
    "%s is answered again",
    async (_name, request) => {
      for (const credential of [secretKey, asOperator]) {
        const response = await send(stack, request, credential, keyOf(request));
        expect(response.headers.get("idempotency-replayed")).toBe("true");
      }
    },
  );

  test.each(named(ready))("%s succeeds with a secret key", async (_name, request) => {
    const response = await send(stack, request, secretKey);
    const text = await response.text();
    expect([response.status, text]).toEqual([expect.toBeOneOf(request.operation.status), expect.any(String)]);
    request.operation.answer.parse(JSON.parse(text));
  });
});
