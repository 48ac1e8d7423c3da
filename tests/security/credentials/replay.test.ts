import { randomUUID } from "node:crypto";
import { afterAll, describe, expect, test } from "vitest";
import { telemetryRunDecision } from "../../../types/contracts/telemetry-runs.ts";
import { expectProblem } from "../../functions/support/problems.ts";
import { machinesOf } from "../../machines/support/machines.ts";
import { digestOf } from "./support/digest.ts";
import { operatorClaims } from "./support/hostile-tokens.ts";
import { startCast } from "./support/people.ts";
import { ecToken, privateKeyOf } from "./support/tokens.ts";

const cast = await startCast();
const { stack } = cast;
const machines = machinesOf(stack.database);

afterAll(() => stack.stop());

const asUser = (token: string) => ({ apikey: stack.publishableKey, authorization: `Bearer ${token}` });
const callers: Record<string, Record<string, string>> = {
  "the secret key default": { apikey: stack.secretKey },
  "the secret key agent": { apikey: stack.secrets.secretKeys.agent as string },
  "an operator": asUser(cast.operator.accessToken),
  "a chairman": asUser(cast.chairman.accessToken),
};

const pairs = Object.keys(callers).flatMap((one) => Object.keys(callers).map((other) => [one, other] as const));
const strangers = pairs.filter(([one, other]) => one !== other);

const call = (path: string, caller: string, key: string, body?: unknown) =>
  stack.call(path, {
    headers: { ...callers[caller], "content-type": "application/json", "idempotency-key": key },
    body,
  });

const isReplayed = (response: Response) => response.headers.get("idempotency-replayed") === "true";

describe("a key of one is no key of another", () => {
  test.each(strangers)("%s, then %s: each gets their own answer, and that again", async (one, other) => {
    const key = randomUUID();
    const body = { scope_id: randomUUID() };
    const decisions = [];
    for (const caller of [one, other, one, other]) {
      const response = await call("telemetry-runs", caller, key, body);
      const { decision } = telemetryRunDecision.parse(await response.json());
      decisions.push([decision, isReplayed(response)]);
    }
    expect(decisions).toEqual([
      ["enqueued", false],
      ["already_active", false],
      ["enqueued", true],
      ["already_active", true],
    ]);
  });

  test.each(strangers)("%s, then %s: a refusal is not shown to the other either", async (one, other) => {
    const key = randomUUID();
    const id = await machines.exec_session?.seed("paused");
    const path = `exec-sessions/${id}/pause`;
    await expectProblem(await call(path, one, key), "illegal_transition");
    await stack.call(`exec-sessions/${id}/resume`);
    const response = await call(path, other, key);
    expect([response.status, isReplayed(response)]).toEqual([200, false]);
  });
});

test("with a token that says no operator any more, nobody is answered what was done as one", async () => {
  const key = randomUUID();
  const id = await machines.exec_session?.seed("active");
  const path = `exec-sessions/${id}/pause`;
  expect((await call(path, "an operator", key)).status).toBe(200);
  const { signingKey } = stack.secrets;
  const demoted = { ...operatorClaims(cast), app_metadata: { leo_role: "viewer" } };
  const token = ecToken({ alg: "ES256", kid: signingKey.kid, typ: "JWT" }, demoted, privateKeyOf(signingKey));
  const before = await digestOf(stack.database);
  const response = await stack.call(path, { headers: { ...asUser(token), "idempotency-key": key } });
  expect(isReplayed(response)).toBe(false);
  await expectProblem(response, "forbidden");
  expect(await digestOf(stack.database)).toEqual(before);
});

test("a label does not make a key another's", async () => {
  const key = randomUUID();
  const body = { scope_id: randomUUID() };
  await call("telemetry-runs", "the secret key agent", key, body);
  for (const label of ["agent", "secret:agent", cast.operator.id]) {
    const response = await stack.call("telemetry-runs", {
      headers: {
        apikey: stack.secretKey,
        "content-type": "application/json",
        "idempotency-key": key,
        "x-leo-actor": label,
      },
      body,
    });
    // Its own first answer, from the second time on.
    expect(telemetryRunDecision.parse(await response.json()).decision).toBe("already_active");
    expect(isReplayed(response)).toBe(label !== "agent");
  }
});
