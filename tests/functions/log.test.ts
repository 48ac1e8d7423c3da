import { describe, expect, test } from "vitest";
import { describeError, statesOf } from "../../functions/_shared/log.ts";

test.each<[string, unknown, object]>([
  ["a session", { session: { status: "paused" }, attempt: 1, from: "active" }, { from: "active", to: "paused" }],
  ["a new session", { session: { status: "active" }, checkpoints: [], attempt: 1 }, { to: "active" }],
  ["a checkpoint", { checkpoint: { is_complete: true }, from: "incomplete" }, { from: "incomplete", to: "complete" }],
  [
    "a reopened checkpoint",
    { checkpoint: { is_complete: false }, from: "complete" },
    { from: "complete", to: "incomplete" },
  ],
  ["a hand-off", { handoff: { handoff_status: "sent" }, from: "ready" }, { from: "ready", to: "sent" }],
  [
    "a run",
    { run: { status: "FAILED" }, next: { status: "RUNNING" }, from: "RUNNING" },
    { from: "RUNNING", to: "FAILED" },
  ],
  ["a generation", { generation: { status: "failed" }, from: "running" }, { from: "running", to: "failed" }],
  ["several runs", { runs: [{ status: "RUNNING" }] }, {}],
  ["a refusal", { refusal: { code: "illegal_transition", current: "failed" } }, { from: "failed" }],
  ["nothing", null, {}],
])("the log's states of %s are those before and after", (_what, result, states) => {
  expect(statesOf(result)).toEqual(states);
});

describe("a long message", () => {
  test("is cut before it is masked", () => {
    // Whatever follows the first 4 000 characters would have been left behind the mask.
    const message = `password=${"x".repeat(4_000)} and more`;
    expect(describeError(new Error(message))).toEqual({ name: "Error", message: "password=***" });
  });

  test("is masked before it is cut to what the log shows", () => {
    // The first 300 characters alone end in half a token, which does not look like one.
    const { message } = describeError(new Error(`${"x".repeat(290)} eyJhbGciOi.eyJzdWIi.c2ln ${"y".repeat(300)}`));
    expect(message).toBe(`${"x".repeat(290)} *** yyyyy`);
  });
});
