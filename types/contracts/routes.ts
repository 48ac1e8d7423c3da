/**
 * Where every operation of the HTTP API is: method and path below `/functions/v1`, whose first part is the edge
 * function, by the names that the client calls them by. Parameters of a path are UUIDs.
 *
 * Apart from the contracts, so that a client in a browser need not load zod to know them.
 */
export const routes = {
  /** Implementation sessions of strategic directives. */
  sessions: {
    /** Begins the implementation of a strategic directive. */
    start: "POST /exec-sessions",
    /** Records progress and evidence of an active session. */
    update: "PATCH /exec-sessions/:id",
    /** An active session rests. */
    pause: "POST /exec-sessions/:id/pause",
    /** A paused session goes on. */
    resume: "POST /exec-sessions/:id/resume",
    /** An active session is done, once its required checkpoints are complete. */
    complete: "POST /exec-sessions/:id/complete",
    /** An active or paused session has failed. */
    fail: "POST /exec-sessions/:id/fail",
    /** An active or paused session is no longer wanted. */
    cancel: "POST /exec-sessions/:id/cancel",
    /** A failed or cancelled session begins another attempt. */
    retry: "POST /exec-sessions/:id/retry",
    /** A completed session begins another attempt, after its hand-off was rejected. */
    reopen: "POST /exec-sessions/:id/reopen",
  },
  /** Quality gates of a session, which the database makes when it starts. */
  checkpoints: {
    /** A gate is passed, with a score. */
    complete: "POST /quality-checkpoints/:id/complete",
    /** A gate has to be passed again. */
    reopen: "POST /quality-checkpoints/:id/reopen",
    /** A gate is no longer required. */
    waive: "POST /quality-checkpoints/:id/waive",
  },
  /** Hand-overs of a session from those who built to those who verify. */
  handoffs: {
    /** Begins the hand-over of a session. */
    prepare: "POST /exec-handoffs",
    /** Changes what a hand-off says while it is prepared. */
    update: "PATCH /exec-handoffs/:id",
    /** A hand-off says all that it has to. */
    ready: "POST /exec-handoffs/:id/ready",
    /** A ready or rejected hand-off is prepared again. */
    revise: "POST /exec-handoffs/:id/revise",
    /** A ready hand-off of a completed session goes to the verifying side. */
    send: "POST /exec-handoffs/:id/send",
    /** A sent hand-off is taken over, by somebody other than its sender. */
    accept: "POST /exec-handoffs/:id/accept",
    /** A sent hand-off is sent back, by somebody other than its sender. */
    reject: "POST /exec-handoffs/:id/reject",
  },
  /** The queue of analyses that find what has become slow or begun to fail. */
  telemetry: {
    /** Enqueues a run, unless its scope has an active or a fresh one. */
    request: "POST /telemetry-runs",
    /** Hands queued runs to a worker. */
    claim: "POST /telemetry-runs/claim",
    /** Ends what nobody will end any more. */
    sweep: "POST /telemetry-runs/sweep",
    /** A running run gets more time. */
    heartbeat: "POST /telemetry-runs/:run_id/heartbeat",
    /** A running run has its findings; may claim the next. */
    succeed: "POST /telemetry-runs/:run_id/succeed",
    /** A running run has failed; may claim the next. */
    fail: "POST /telemetry-runs/:run_id/fail",
    /** A queued or running run is no longer wanted. */
    cancel: "POST /telemetry-runs/:run_id/cancel",
    /** A queued run could not be handed to its worker. */
    failEnqueue: "POST /telemetry-runs/:run_id/fail_enqueue",
    /** Claims queued runs and analyses them. */
    analyze: "POST /telemetry-analyzer",
  },
  /** Monthly generations of objectives and key results. */
  okrGenerations: {
    /** Begins the OKR generation of a month. */
    start: "POST /okr-generations",
    /** A running generation is done. */
    complete: "POST /okr-generations/:id/complete",
    /** A running generation has failed. */
    fail: "POST /okr-generations/:id/fail",
  },
  /** Intake of what agents did. */
  metrics: {
    /** Records what agents did, up to 1000 rows at once. */
    record: "POST /orchestration-metrics",
  },
  /** For monitors. */
  health: {
    /** Whether the database can be reached, and figures of the pool. */
    check: "GET /health",
  },
} as const satisfies Record<string, Record<string, `${"GET" | "POST" | "PATCH"} /${string}`>>;

/** See {@link routes}. */
export type Routes = typeof routes;
