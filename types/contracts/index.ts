/** The HTTP API's contracts, for clients and for the functions themselves. */

export * from "./exec-sessions.ts";
export * from "./health.ts";
export * from "./json.ts";
export * from "./primitives.ts";
export * from "./problems.ts";
