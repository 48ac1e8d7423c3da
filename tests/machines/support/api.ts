import { expect } from "vitest";
import type { z } from "zod";
import { startTestStack, type TestStack } from "../../support/stack.ts";

/** Who calls: the secret key named `default`, or another one; with a label of its own. */
export interface As {
  key?: string;
  label?: string;
  headers?: Record<string, string>;
}

/** A stack of the test's own, and short ways to call its functions. */
export interface Api {
  stack: TestStack;
  post(path: string, body?: Record<string, unknown>, as?: As): Promise<Response>;
  patch(path: string, body: Record<string, unknown>, as?: As): Promise<Response>;
  /** A row as PostgreSQL makes JSON of it. */
  row(table: string, id: string, key?: string): Promise<Record<string, unknown>>;
}

export async function startApi(): Promise<Api> {
  const stack = await startTestStack();
  const call = (method: string, path: string, body?: Record<string, unknown>, as: As = {}) => {
    const headers: Record<string, string> = { apikey: as.key ?? stack.secretKey, ...as.headers };
    if (body) headers["content-type"] = "application/json";
    if (as.label) headers["x-leo-actor"] = as.label;
    return stack.call(path, { method, headers, body });
  };
  return {
    stack,
    post: (path, body, as) => call("POST", path, body, as),
    patch: (path, body, as) => call("PATCH", path, body, as),
    async row(table, id, key = "id") {
      const [found] = await stack.database.query<{ row: Record<string, unknown> }>(
        `select to_jsonb(found) as row from public.${table} found where ${key}::text = $1`,
        [id],
      );
      if (!found) throw new Error(`${table} has no row ${id}`);
      return found.row;
    },
  };
}

/** Asserts that a call succeeds as its contract says, and returns its body. */
export async function answerOf<T>(contract: z.ZodType<T>, call: Promise<Response>, status = 200): Promise<T> {
  const response = await call;
  const text = await response.text();
  expect({ status: response.status, text }).toMatchObject({ status });
  return contract.parse(JSON.parse(text));
}
