import type { createClient, SupabaseClient } from "@supabase/supabase-js";
import { describe, expect, expectTypeOf, test } from "vitest";
import {
  type CallOptions,
  type ControlPlane,
  ControlPlaneError,
  type ControlPlaneErrorCode,
  type createControlPlane,
} from "../../types/client/index.ts";
import type * as contracts from "../../types/contracts/index.ts";
import type { Database } from "../../types/database.ts";

/** Checked by the compiler, `npm run check -- typescript`; never called. */
type Arguments<M extends (...args: never[]) => unknown> = Parameters<M>;
type Resolved<M extends (...args: never[]) => unknown> = Awaited<ReturnType<M>>;
type Of<Request> = [request: Request, options?: CallOptions];
type MaybeOf<Request> = [request?: Request, options?: CallOptions];
type At<Request> = [id: string, request: Request, options?: CallOptions];
type MaybeAt<Request> = [id: string, request?: Request, options?: CallOptions];

describe("arguments and answers are those of the contracts", () => {
  test("of sessions", () => {
    type Sessions = ControlPlane["sessions"];
    expectTypeOf<Arguments<Sessions["start"]>>().toEqualTypeOf<Of<contracts.StartExecSession>>();
    expectTypeOf<Resolved<Sessions["start"]>>().toEqualTypeOf<contracts.ExecSessionAnswer>();
    expectTypeOf<Arguments<Sessions["update"]>>().toEqualTypeOf<MaybeAt<contracts.UpdateExecSession>>();
    expectTypeOf<Resolved<Sessions["update"]>>().toEqualTypeOf<contracts.ExecSessionMoved>();
    expectTypeOf<Arguments<Sessions["complete"]>>().toEqualTypeOf<MaybeAt<contracts.CompleteExecSession>>();
    expectTypeOf<Resolved<Sessions["complete"]>>().toEqualTypeOf<contracts.ExecSessionAnswer>();
    expectTypeOf<Arguments<Sessions["pause" | "resume" | "retry" | "reopen"]>>().toEqualTypeOf<
      MaybeAt<contracts.MoveExecSession>
    >();
    expectTypeOf<Arguments<Sessions["fail" | "cancel"]>>().toEqualTypeOf<At<contracts.EndExecSession>>();
    expectTypeOf<
      Resolved<Sessions["pause" | "resume" | "retry" | "reopen" | "fail" | "cancel"]>
    >().toEqualTypeOf<contracts.ExecSessionMoved>();
  });

  test("of checkpoints and hand-offs", () => {
    type Checkpoints = ControlPlane["checkpoints"];
    expectTypeOf<Arguments<Checkpoints["complete"]>>().toEqualTypeOf<At<contracts.CompleteQualityCheckpoint>>();
    expectTypeOf<Arguments<Checkpoints["reopen" | "waive"]>>().toEqualTypeOf<At<contracts.MoveQualityCheckpoint>>();
    expectTypeOf<Resolved<Checkpoints[keyof Checkpoints]>>().toEqualTypeOf<contracts.QualityCheckpointAnswer>();
    type Handoffs = ControlPlane["handoffs"];
    expectTypeOf<Arguments<Handoffs["prepare"]>>().toEqualTypeOf<Of<contracts.PrepareExecHandoff>>();
    expectTypeOf<Arguments<Handoffs["update"]>>().toEqualTypeOf<MaybeAt<contracts.UpdateExecHandoff>>();
    expectTypeOf<Arguments<Handoffs["ready" | "revise" | "send" | "accept"]>>().toEqualTypeOf<
      MaybeAt<contracts.MoveExecHandoff>
    >();
    expectTypeOf<Arguments<Handoffs["reject"]>>().toEqualTypeOf<At<contracts.RejectExecHandoff>>();
    expectTypeOf<Resolved<Handoffs[keyof Handoffs]>>().toEqualTypeOf<contracts.ExecHandoffAnswer>();
  });

  test("of telemetry", () => {
    type Telemetry = ControlPlane["telemetry"];
    expectTypeOf<Arguments<Telemetry["request"]>>().toEqualTypeOf<MaybeOf<contracts.RequestTelemetryRun>>();
    expectTypeOf<Resolved<Telemetry["request"]>>().toEqualTypeOf<contracts.TelemetryRunDecision>();
    expectTypeOf<Arguments<Telemetry["claim"]>>().toEqualTypeOf<Of<contracts.ClaimTelemetryRuns>>();
    expectTypeOf<Resolved<Telemetry["claim"]>>().toEqualTypeOf<contracts.TelemetryRunsClaimed>();
    expectTypeOf<Arguments<Telemetry["succeed"]>>().toEqualTypeOf<MaybeAt<contracts.SucceedTelemetryRun>>();
    expectTypeOf<Arguments<Telemetry["fail"]>>().toEqualTypeOf<MaybeAt<contracts.FailTelemetryRun>>();
    expectTypeOf<Arguments<Telemetry["cancel"]>>().toEqualTypeOf<MaybeAt<contracts.CancelTelemetryRun>>();
    expectTypeOf<Arguments<Telemetry["failEnqueue"]>>().toEqualTypeOf<MaybeAt<contracts.FailEnqueueTelemetryRun>>();
    expectTypeOf<Arguments<Telemetry["heartbeat"]>>().toEqualTypeOf<MaybeAt<Record<string, never>>>();
    expectTypeOf<
      Resolved<Telemetry["succeed" | "fail" | "cancel" | "failEnqueue" | "heartbeat"]>
    >().toEqualTypeOf<contracts.TelemetryRunAnswer>();
    expectTypeOf<Arguments<Telemetry["sweep"]>>().toEqualTypeOf<MaybeOf<contracts.SweepRequest>>();
    expectTypeOf<Resolved<Telemetry["sweep"]>>().toEqualTypeOf<contracts.SweepAnswer>();
    expectTypeOf<Arguments<Telemetry["analyze"]>>().toEqualTypeOf<MaybeOf<contracts.AnalyzeTelemetryRuns>>();
    expectTypeOf<Resolved<Telemetry["analyze"]>>().toEqualTypeOf<contracts.TelemetryRunsAnalyzed>();
  });

  test("of OKR generations, metrics and health", () => {
    type Okr = ControlPlane["okrGenerations"];
    expectTypeOf<Arguments<Okr["start"]>>().toEqualTypeOf<MaybeOf<contracts.StartOkrGeneration>>();
    expectTypeOf<Arguments<Okr["complete"]>>().toEqualTypeOf<At<contracts.CompleteOkrGeneration>>();
    expectTypeOf<Arguments<Okr["fail"]>>().toEqualTypeOf<At<contracts.FailOkrGeneration>>();
    expectTypeOf<Resolved<Okr[keyof Okr]>>().toEqualTypeOf<contracts.OkrGenerationAnswer>();
    expectTypeOf<Arguments<ControlPlane["metrics"]["record"]>>().toEqualTypeOf<Of<contracts.RecordMetrics>>();
    expectTypeOf<Resolved<ControlPlane["metrics"]["record"]>>().toEqualTypeOf<contracts.MetricsRecorded>();
    expectTypeOf<Arguments<ControlPlane["health"]["check"]>>().toEqualTypeOf<[options?: CallOptions]>();
    expectTypeOf<Resolved<ControlPlane["health"]["check"]>>().toEqualTypeOf<contracts.HealthAnswer>();
  });
});

test("any supabase-js client will do", () => {
  expectTypeOf<ReturnType<typeof createClient>>().toExtend<Parameters<typeof createControlPlane>[0]>();
  expectTypeOf<SupabaseClient<Database>>().toExtend<Parameters<typeof createControlPlane>[0]>();
});

const failed = { code: "not_found", status: 404, detail: "-", requestId: "-", attempts: 1 } as const;

describe("an error whose code is known", () => {
  test("has the members of that problem", () => {
    const error: unknown = new ControlPlaneError(failed);
    if (!(error instanceof ControlPlaneError)) throw error;
    expectTypeOf(error.code).toEqualTypeOf<ControlPlaneErrorCode>();
    if (error.is("illegal_transition")) {
      expectTypeOf(error.problem.allowed).toEqualTypeOf<string[]>();
      expectTypeOf(error.code).toEqualTypeOf<"illegal_transition">();
      // @ts-expect-error this problem has none
      error.problem.checkpoints;
    } else if (error.is("gates_incomplete")) {
      expectTypeOf(error.problem.checkpoints).toEqualTypeOf<contracts.QualityCheckpoint[]>();
    } else if (error.is("session_exists", "handoff_open")) {
      expectTypeOf(error.problem.id).toEqualTypeOf<string>();
      expectTypeOf(error.problem.use).toEqualTypeOf<string | null>();
    } else if (error.is("no_answer")) {
      expectTypeOf(error.problem).toEqualTypeOf<undefined>();
    }
    // @ts-expect-error there is no such code
    expect(error.is("ilegal_transition")).toBe(false);
  });

  test("may be told by comparing the code", () => {
    const error: unknown = new ControlPlaneError(failed);
    if (!(error instanceof ControlPlaneError)) throw error;
    switch (error.code) {
      case "stale_attempt":
        expectTypeOf(error.problem.attempt).toEqualTypeOf<number>();
        // @ts-expect-error this problem has none
        error.problem.checkpoints;
        break;
      case "session_exists":
      case "handoff_open":
        expectTypeOf(error.problem.use).toEqualTypeOf<string | null>();
        break;
      case "no_answer":
        expectTypeOf(error.problem).toEqualTypeOf<undefined>();
    }
    // @ts-expect-error there is no such code
    expect(error.code === "ilegal_transition").toBe(false);
    // @ts-expect-error not known to be there
    expect(error.problem?.allowed).toBeUndefined();
  });

  test("may be told in one condition", () => {
    const attempts = (error: unknown) =>
      error instanceof ControlPlaneError && error.code === "stale_attempt" ? error.problem.attempt : null;
    expectTypeOf(attempts).returns.toEqualTypeOf<number | null>();
    expect(attempts(new ControlPlaneError(failed))).toBeNull();
  });

  test("may also be told by its problem", () => {
    const { problem } = new ControlPlaneError(failed);
    if (problem?.code === "stale_attempt") expectTypeOf(problem.attempt).toEqualTypeOf<number>();
    // @ts-expect-error not known to be there
    expect(problem?.allowed).toBeUndefined();
  });
});
