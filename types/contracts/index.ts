/** The HTTP API's contracts, for clients and for the functions themselves. */

export * from "./exec-handoffs.ts";
export * from "./exec-sessions.ts";
export * from "./headers.ts";
export * from "./health.ts";
export * from "./idempotency.ts";
export * from "./json.ts";
export * from "./okr-generations.ts";
export * from "./operation-problems.ts";
export * from "./operations.ts";
export * from "./orchestration-metrics.ts";
export * from "./primitives.ts";
export * from "./problem-members.ts";
export * from "./problems.ts";
export * from "./quality-checkpoints.ts";
export * from "./routes.ts";
export * from "./rows.ts";
export * from "./telemetry-analyzer.ts";
export * from "./telemetry-runs.ts";
