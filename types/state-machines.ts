// Generated from supabase/migrations by `npm run types`. Do not edit: the next run replaces it.

/** Every state machine: its statuses, its events, and which event leads from which status to which. */
export const stateMachines = {
  exec_session: {
    statuses: ["active", "cancelled", "completed", "failed", "paused"],
    events: ["cancel", "complete", "fail", "pause", "reopen", "resume", "retry", "start"],
    transitions: [
      { event: "cancel", from: "active", to: "cancelled" },
      { event: "cancel", from: "paused", to: "cancelled" },
      { event: "complete", from: "active", to: "completed" },
      { event: "fail", from: "active", to: "failed" },
      { event: "fail", from: "paused", to: "failed" },
      { event: "pause", from: "active", to: "paused" },
      { event: "reopen", from: "completed", to: "active" },
      { event: "resume", from: "paused", to: "active" },
      { event: "retry", from: "cancelled", to: "active" },
      { event: "retry", from: "failed", to: "active" },
      { event: "start", from: null, to: "active" },
    ],
  },
  handoff: {
    statuses: ["accepted", "preparing", "ready", "rejected", "sent"],
    events: ["accept", "prepare", "ready", "reject", "revise", "send"],
    transitions: [
      { event: "accept", from: "sent", to: "accepted" },
      { event: "prepare", from: null, to: "preparing" },
      { event: "ready", from: "preparing", to: "ready" },
      { event: "reject", from: "sent", to: "rejected" },
      { event: "revise", from: "ready", to: "preparing" },
      { event: "revise", from: "rejected", to: "preparing" },
      { event: "send", from: "ready", to: "sent" },
    ],
  },
  okr_generation: {
    statuses: ["completed", "failed", "running"],
    events: ["complete", "fail", "start"],
    transitions: [
      { event: "complete", from: "running", to: "completed" },
      { event: "fail", from: "running", to: "failed" },
      { event: "start", from: null, to: "running" },
    ],
  },
  quality_checkpoint: {
    statuses: ["complete", "incomplete"],
    events: ["complete", "reopen", "waive"],
    transitions: [
      { event: "complete", from: "incomplete", to: "complete" },
      { event: "reopen", from: "complete", to: "incomplete" },
      { event: "waive", from: "incomplete", to: "incomplete" },
    ],
  },
  telemetry_run: {
    statuses: ["CANCELLED", "FAILED", "FAILED_ENQUEUE", "QUEUED", "RUNNING", "SUCCEEDED", "TIMED_OUT"],
    events: ["cancel", "claim", "fail", "fail_enqueue", "heartbeat", "request", "succeed", "time_out"],
    transitions: [
      { event: "cancel", from: "QUEUED", to: "CANCELLED" },
      { event: "cancel", from: "RUNNING", to: "CANCELLED" },
      { event: "claim", from: "QUEUED", to: "RUNNING" },
      { event: "fail", from: "RUNNING", to: "FAILED" },
      { event: "fail_enqueue", from: "QUEUED", to: "FAILED_ENQUEUE" },
      { event: "heartbeat", from: "RUNNING", to: "RUNNING" },
      { event: "request", from: null, to: "QUEUED" },
      { event: "succeed", from: "RUNNING", to: "SUCCEEDED" },
      { event: "time_out", from: "RUNNING", to: "TIMED_OUT" },
    ],
  },
} as const;

export type Machine = keyof typeof stateMachines;
export type Status<M extends Machine> = (typeof stateMachines)[M]["statuses"][number];
export type Event<M extends Machine> = (typeof stateMachines)[M]["events"][number];
/** A move; `from` is null where the event creates the row. */
export type Transition<M extends Machine> = (typeof stateMachines)[M]["transitions"][number];

export type ExecSessionStatus = Status<"exec_session">;
export type ExecSessionEvent = Event<"exec_session">;
export type HandoffStatus = Status<"handoff">;
export type HandoffEvent = Event<"handoff">;
export type OkrGenerationStatus = Status<"okr_generation">;
export type OkrGenerationEvent = Event<"okr_generation">;
export type QualityCheckpointStatus = Status<"quality_checkpoint">;
export type QualityCheckpointEvent = Event<"quality_checkpoint">;
export type TelemetryRunStatus = Status<"telemetry_run">;
export type TelemetryRunEvent = Event<"telemetry_run">;
