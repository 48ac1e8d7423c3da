import { afterAll, expect, test } from "vitest";
import type { z } from "zod";
import * as handoffs from "../../types/contracts/exec-handoffs.ts";
import * as sessions from "../../types/contracts/exec-sessions.ts";
import * as okr from "../../types/contracts/okr-generations.ts";
import { orchestrationMetric } from "../../types/contracts/orchestration-metrics.ts";
import * as checkpoints from "../../types/contracts/quality-checkpoints.ts";
import { analyzeTelemetryRuns } from "../../types/contracts/telemetry-analyzer.ts";
import * as runs from "../../types/contracts/telemetry-runs.ts";
import { startApi } from "../machines/support/api.ts";
import { machinesOf } from "../machines/support/machines.ts";

const api = await startApi();
const machines = machinesOf(api.stack.database);

afterAll(() => api.stack.stop());

/** A route, its contract, and a body that it takes; `on` is the state that an entity has to be in for it. */
interface Target {
  route: string;
  contract: z.ZodObject;
  body?: Record<string, unknown>;
  on?: [machine: string, state: string];
}

const reason = "because of a test";
const targets: Target[] = [
  { route: "POST exec-sessions", contract: sessions.startExecSession, body: { implementation_type: "UI_COMPONENT" } },
  { route: "PATCH exec-sessions/:id", contract: sessions.updateExecSession, on: ["exec_session", "active"] },
  { route: "POST exec-sessions/:id/complete", contract: sessions.completeExecSession, on: ["exec_session", "active"] },
  { route: "POST exec-sessions/:id/pause", contract: sessions.moveExecSession, on: ["exec_session", "active"] },
  {
    route: "POST exec-sessions/:id/fail",
    contract: sessions.endExecSession,
    body: { reason },
    on: ["exec_session", "active"],
  },
  {
    route: "POST quality-checkpoints/:id/complete",
    contract: checkpoints.completeQualityCheckpoint,
    body: { score: 1 },
    on: ["quality_checkpoint", "incomplete"],
  },
  {
    route: "POST quality-checkpoints/:id/waive",
    contract: checkpoints.moveQualityCheckpoint,
    body: { reason },
    on: ["quality_checkpoint", "incomplete"],
  },
  { route: "POST exec-handoffs", contract: handoffs.prepareExecHandoff, body: { implementation_summary: "-" } },
  { route: "PATCH exec-handoffs/:id", contract: handoffs.updateExecHandoff, on: ["handoff", "preparing"] },
  { route: "POST exec-handoffs/:id/ready", contract: handoffs.moveExecHandoff, on: ["handoff", "preparing"] },
  {
    route: "POST exec-handoffs/:id/reject",
    contract: handoffs.rejectExecHandoff,
    body: { reason },
    on: ["handoff", "sent"],
  },
  { route: "POST telemetry-runs", contract: runs.requestTelemetryRun },
  { route: "POST telemetry-runs/claim", contract: runs.claimTelemetryRuns, body: { worker: "a worker" } },
  { route: "POST telemetry-runs/sweep", contract: runs.sweepRequest },
  { route: "POST telemetry-analyzer", contract: analyzeTelemetryRuns },
  {
    route: "POST telemetry-runs/:id/succeed",
    contract: runs.succeedTelemetryRun,
    body: { reason_code: "INSUFFICIENT_DATA" },
    on: ["telemetry_run", "RUNNING"],
  },
  {
    route: "POST telemetry-runs/:id/fail",
    contract: runs.failTelemetryRun,
    body: { error_message: "no answer" },
    on: ["telemetry_run", "RUNNING"],
  },
  {
    route: "POST telemetry-runs/:id/fail_enqueue",
    contract: runs.failEnqueueTelemetryRun,
    on: ["telemetry_run", "QUEUED"],
  },
  { route: "POST telemetry-runs/:id/cancel", contract: runs.cancelTelemetryRun, on: ["telemetry_run", "QUEUED"] },
  { route: "POST okr-generations", contract: okr.startOkrGeneration },
  {
    route: "POST okr-generations/:id/complete",
    contract: okr.completeOkrGeneration,
    body: { top_down_count: 1, bottom_up_count: 1 },
    on: ["okr_generation", "running"],
  },
  {
    route: "POST okr-generations/:id/fail",
    contract: okr.failOkrGeneration,
    body: { error_message: "no vision" },
    on: ["okr_generation", "running"],
  },
];

const lengths = [50, 100, 200, 2_000, 2_048, 5_000, 10_000, 20_000, 50_000];

/** The longest text and lists that a field takes, and a few it may not; the rest is in tests/security/hostile-input. */
function valuesFor(accepts: (value: unknown) => boolean): unknown[] {
  // Four bytes each, and all different, so that neither compression nor deduplication makes them small.
  const wide = (length: number, seed: number) =>
    Array.from({ length: length / 2 }, (_, i) =>
      String.fromCodePoint(0x20000 + ((i * 7919 + seed * 31) % 40_000)),
    ).join("");
  const longest = lengths.filter((length) => accepts(wide(length, 0))).at(-1);
  const longestItem = lengths.filter((length) => accepts([wide(length, 0)])).at(-1) ?? 50;
  const most = [500, 100, 50].find((count) => accepts(Array.from({ length: count }, (_, i) => wide(50, i)))) ?? 1;
  const fitting = Math.min(most, Math.floor(900_000 / (longestItem * 2)));
  return [
    null,
    2 ** 53,
    1,
    true,
    { x: "a\u0000b" },
    ...(longest === undefined ? [] : [wide(longest, 1)]),
    Array.from({ length: fitting }, (_, i) => wide(longestItem, i)),
  ];
}

const short = (value: unknown) => JSON.stringify(value)?.slice(0, 80);

test.each(targets)("$route: no body is an error of ours", async ({ route, contract, body = {}, on }) => {
  const [method, path = ""] = route.split(" ");
  const { database } = api.stack;
  let accepted = 0;
  for (const [field, fieldContract] of Object.entries(contract.shape) as [string, z.ZodType][]) {
    for (const value of valuesFor((candidate) => fieldContract.safeParse(candidate).success)) {
      const valid = fieldContract.safeParse(value).success;
      // A row to work on, where the contract lets the body through to the database.
      const id = valid && on ? await machines[on[0]]?.seed(on[1]) : "00000000-0000-0000-0000-000000000000";
      const beside = route === "POST exec-handoffs" ? await sessionId() : {};
      const directive = route === "POST exec-sessions" ? await machines.exec_session?.creations.start?.body() : {};
      const sent = { ...directive, ...beside, ...body, [field]: value };
      const response = await (method === "PATCH" ? api.patch : api.post)(path.replace(":id", id ?? ""), sent);
      const text = await response.text();
      expect([field, short(value), response.status, response.status < 500 || text]).toEqual([
        field,
        short(value),
        expect.toBeOneOf([200, 201, 400, 404, 409, 412]),
        true,
      ]);
      // The database may know better than the contract, but never worse.
      if (!valid) expect([field, short(value), response.status]).toEqual([field, short(value), 400]);
      if (response.status < 300) accepted += 1;
    }
  }
  expect(accepted).toBeGreaterThan(0);
  await database.query("delete from public.telemetry_analysis_runs");
  await database.query("delete from public.okr_generation_log");
});

async function sessionId(): Promise<Record<string, unknown>> {
  return (await machines.handoff?.creations.prepare?.body()) ?? {};
}

test("POST orchestration-metrics: no row is an error of ours", async () => {
  for (const [field, fieldContract] of Object.entries(orchestrationMetric.shape)) {
    const values = valuesFor((candidate) => fieldContract.safeParse(candidate).success);
    // One by one: a NUL refuses its whole body.
    for (const value of values) {
      const response = await api.post("orchestration-metrics", { metrics: [{ [field]: value }] });
      expect([field, short(value), response.status]).toEqual([field, short(value), expect.toBeOneOf([200, 400])]);
      await response.body?.cancel();
    }
  }
});
