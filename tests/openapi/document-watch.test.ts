import { afterAll, beforeAll, expect, test } from "vitest";
import { DocumentWatch } from "../support/document-watch.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";

let stack: TestStack;

beforeAll(async () => {
  stack = await startTestStack();
});

afterAll(() => stack.stop());

interface Change {
  status?: number;
  without?: string;
  body?: (text: string) => string;
}

/** What the watch says of an answer of the real function that something was done to on the way. */
async function findingsOf(change: Change): Promise<string[]> {
  const watch = new DocumentWatch();
  const fetch = watch.over(async (input, init) => {
    const answer = await globalThis.fetch(input, init);
    const text = await answer.text();
    const headers = new Headers(answer.headers);
    if (change.without) headers.delete(change.without);
    return new Response(change.body?.(text) ?? text, { status: change.status ?? answer.status, headers });
  });
  const url = `${stack.url}/functions/v1/telemetry-runs/sweep`;
  await fetch(url, { method: "POST", headers: { apikey: stack.secretKey } });
  await watch.settle();
  expect(watch.compared).toBe(1);
  return watch.findings;
}

test("an answer as documented is no finding", async () => {
  expect(await findingsOf({})).toEqual([]);
});

test("another status, header, member or none, and what is no JSON are findings", async () => {
  expect(await findingsOf({ status: 202 })).toEqual(["telemetry.sweep: the status 202 is not documented"]);
  expect(await findingsOf({ without: "x-request-id" })).toEqual([
    "telemetry.sweep: the header x-request-id is missing with 200",
  ]);
  expect(await findingsOf({ body: (text) => text.replace("{", '{"more": 1,') })).toEqual([
    expect.stringContaining("must NOT have additional properties"),
  ]);
  expect(await findingsOf({ body: () => "{}" })).toHaveLength(5);
  expect(await findingsOf({ body: () => "swept" })).toEqual([expect.stringContaining("is no JSON")]);
});
