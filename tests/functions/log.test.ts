import { expect, test } from "vitest";
import { statesOf } from "../../functions/_shared/log.ts";

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
