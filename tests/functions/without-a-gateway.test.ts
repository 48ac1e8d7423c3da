import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestStack, type TestStack } from "../support/stack.ts";
import { expectProblem } from "./support/problems.ts";

// What a request is to the functions' own server: the platform's gateway may wait for the whole body first, and
// answers by itself for functions that there are not.

let stack: TestStack;

beforeAll(async () => {
  stack = await startTestStack({ functionsEnv: { LEO_BODY_TIMEOUT_MS: "500" } });
});

afterAll(() => stack.stop());

/** Sends a body in pieces, without Content-Length. */
function stream(write: (send: (chunk: string) => void, end: () => void) => void): Promise<Response> {
  return new Promise((resolve, reject) => {
    const headers = { apikey: stack.secretKey, "content-type": "application/json" };
    const url = `${stack.url}/functions/v1/exec-sessions`;
    // A connection of its own, as a body that was not read to its end is in the way of the next request.
    const outgoing = httpRequest(url, { method: "POST", headers, agent: false }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk) => chunks.push(chunk));
      incoming.on("end", () => {
        const init = { status: incoming.statusCode, headers: incoming.headers as Record<string, string> };
        resolve(new Response(Buffer.concat(chunks), init));
        outgoing.destroy();
      });
    });
    outgoing.on("error", reject);
    write(
      (chunk) => outgoing.write(chunk),
      () => outgoing.end(),
    );
  });
}

test("a body without a length is counted while it arrives", async () => {
  const response = await stream((send, end) => {
    for (let i = 0; i < 20; i += 1) send("x".repeat(100_000));
    end();
  });
  await expectProblem(response, "payload_too_large");
});

test("a body that does not arrive in time is refused", async () => {
  const response = await stream((send) => send('{"sd_id":'));
  const problem = await expectProblem(response, "invalid_request");
  expect(problem.issues?.[0]?.message).toContain("too long");
});

test.each(["nowhere", "_shared", ""])("POST %s, which is no function, is not found", async (path) => {
  await expectProblem(await stack.call(path), "not_found");
});
