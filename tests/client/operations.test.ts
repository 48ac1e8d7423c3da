import { afterAll, beforeAll, expect, test } from "vitest";
import { createControlPlane } from "../../types/client/index.ts";
import { operations } from "../../types/contracts/operations.ts";
import { machinesOf } from "../machines/support/machines.ts";
import { type Request, seedRequests } from "../security/credentials/support/requests.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";
import { observedClient } from "./support/observed-client.ts";

let stack: TestStack;
let requests: Request[];

beforeAll(async () => {
  stack = await startTestStack();
  requests = await seedRequests(stack.database, machinesOf(stack.database));
});

afterAll(() => stack.stop());

const id = /[0-9a-f]{8}-[0-9a-f-]{27}/;

test("there is a method for every operation, and no other", () => {
  const leo: Record<string, object> = createControlPlane(stack.client());
  const methods = Object.entries(leo).flatMap(([group, named]) => Object.keys(named).map((name) => `${group}.${name}`));
  expect(methods).toEqual(operations.map(({ name }) => name));
  expect(new Set(methods).size).toBeGreaterThan(30);
});

test("every method makes its request, with a key where it writes, and has the answer that its contract says", async () => {
  const { supabase, sent } = observedClient(stack.url, stack.secretKey);
  const leo = createControlPlane(supabase, { attempts: 1 });
  const methods = leo as unknown as Record<string, Record<string, (...args: unknown[]) => Promise<unknown>>>;
  const health = operations.find(({ callers }) => callers === "anyone");
  if (!health) throw new Error("there is no operation for anyone");
  const all = [...requests, { operation: health, path: "health", body: undefined }];
  expect(all).toHaveLength(operations.length);

  for (const { operation, path, body } of all) {
    const [group = "", name = ""] = operation.name.split(".");
    const inPath = operation.path.includes(":") ? [id.exec(path)?.[0]] : [];
    const answer = await methods[group]?.[name]?.(...inPath, ...(body === undefined ? [] : [body]));
    expect(operation.answer.safeParse(answer), operation.name).toMatchObject({ success: true });

    const request = sent.pop();
    expect(`${request?.method} ${request?.pathname}`).toBe(`${operation.method} /functions/v1/${path}`);
    expect(request?.body).toEqual(operation.method === "GET" ? undefined : (body ?? {}));
    expect(request?.headers.has("idempotency-key"), operation.name).toBe(operation.method !== "GET");
    expect(request?.headers.get("x-request-id")).toMatch(id);
    expect(sent).toEqual([]);
  }
});
