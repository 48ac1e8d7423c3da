import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { FunctionsCaller } from "../../types/client/attempt.ts";
import { type CallOptions, createControlPlane } from "../../types/client/index.ts";
import { failedCall } from "./support/failed-call.ts";

// Minutes pass here, with nobody at the other end.
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Never answers, as a server that has gone silent. */
const silent: FunctionsCaller = {
  functions: {
    invoke: (_path, { signal }) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => resolve({ data: null, error: signal.reason }));
      }),
  },
};

/** Milliseconds until a call is given up. */
async function timeOf(method: "sweep" | "analyze", options: CallOptions, client: CallOptions = {}): Promise<number> {
  const begun = performance.now();
  const over = failedCall(createControlPlane(silent, client).telemetry[method]({}, options));
  const time = over.then(() => Math.round(performance.now() - begun));
  await vi.runAllTimersAsync();
  return time;
}

test("a call waits for as long as the functions may take for it: an analysis of telemetry takes longer", async () => {
  expect(await timeOf("sweep", { attempts: 1 })).toBe(35_000);
  expect(await timeOf("analyze", { attempts: 1 })).toBe(160_000);
});

test("a call has time for another attempt, and is over then", async () => {
  expect(await timeOf("sweep", {})).toBe(90_000);
  expect(await timeOf("analyze", {})).toBe(200_000);
});

test("what the client's options say holds for every method, and a call's own before it", async () => {
  for (const method of ["sweep", "analyze"] as const) {
    expect(await timeOf(method, { attempts: 1 }, { attemptTimeoutMs: 5_000 })).toBe(5_000);
    expect(await timeOf(method, { attempts: 1, attemptTimeoutMs: 7_000 }, { attemptTimeoutMs: 5_000 })).toBe(7_000);
  }
});
