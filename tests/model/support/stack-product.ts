import { randomUUID } from "node:crypto";
import type { TestStack } from "../../support/stack.ts";
import type { Product } from "./walk.ts";

/** A test's stack, and four who ask: two labels of one key, another key, and a person. */
export async function productOf(stack: TestStack): Promise<Product> {
  const { secretKeys } = stack.secrets;
  const sub = randomUUID();
  const token = await stack.mintToken({ sub, app_metadata: { leo_role: "operator" } });
  return {
    database: stack.database,
    actors: [
      { name: "secret:default", headers: { apikey: secretKeys.default as string } },
      { name: "secret:default/b", headers: { apikey: secretKeys.default as string, "x-leo-actor": "b" } },
      { name: "secret:agent", headers: { apikey: secretKeys.agent as string } },
      { name: `user:${sub}`, headers: { apikey: stack.publishableKey, authorization: `Bearer ${token}` } },
    ],
    async ask({ method, path, headers, body }) {
      const response = await fetch(`${stack.url}/functions/v1/${path}`, {
        method,
        headers: { ...headers, "content-type": "application/json" },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      return { status: response.status, headers: response.headers, text: await response.text() };
    },
  };
}
