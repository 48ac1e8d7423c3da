/** The typed client of the HTTP API. */

export type { ProblemOf } from "../contracts/problem-members.ts";
export type { ProblemCode } from "../contracts/problems.ts";
export type { Database } from "../database.ts";
export type { FunctionsCaller } from "./attempt.ts";
export type { ControlPlane } from "./control-plane.ts";
export { createControlPlane } from "./create.ts";
export { ControlPlaneError, type ControlPlaneErrorCode, type ControlPlaneErrorOf } from "./error.ts";
export type { CallLimits, CallOptions, ControlPlaneOptions } from "./options.ts";
