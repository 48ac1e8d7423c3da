import type { ProblemOf } from "../contracts/problem-members.ts";
import type { ProblemCode } from "../contracts/problems.ts";

/**
 * Every {@link ProblemCode} that the functions answer with, and what goes wrong on the way to them:
 * `no_answer` (network, time-out) and `unexpected_answer` (from something else than the functions, such as a proxy).
 */
export type ControlPlaneErrorCode = ProblemCode | "no_answer" | "unexpected_answer";

/** A problem with one of these codes; undefined where none was answered. */
type ProblemFor<C extends ControlPlaneErrorCode> = C extends ProblemCode ? ProblemOf<C> : undefined;

/** What is known of a call that failed. */
export interface FailedCall {
  code: ControlPlaneErrorCode;
  status: number;
  detail: string;
  problem?: ProblemOf<ProblemCode>;
  requestId: string;
  idempotencyKey?: string;
  attempts: number;
  cause?: unknown;
}

/** An error with one of these codes, and the members that its problem has. */
export interface ControlPlaneErrorOf<C extends ControlPlaneErrorCode> extends Error {
  readonly name: "ControlPlaneError";
  readonly code: C;
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;
  /** One or two sentences for a person; the same as `message`. */
  readonly detail: string;
  /** The body of the answer; undefined where the functions gave none. */
  readonly problem: ProblemFor<C>;
  /** Finds the call in the functions' log, and in the history where it changed something. */
  readonly requestId: string;
  /** Of a write: to be given again to go on with it where its outcome is unknown. */
  readonly idempotencyKey: string | undefined;
  /** How often it was sent. */
  readonly attempts: number;
  /** Whether it has one of these codes; where it has, `problem` is known to have the members that go with it. */
  is<D extends ControlPlaneErrorCode>(...codes: D[]): this is ControlPlaneErrorOf<D>;
}

/**
 * A call that was refused or failed: what every method of the client rejects with, unless it was aborted. Its `code`,
 * once compared, tells the compiler the members of `problem`.
 */
export type ControlPlaneError = { [C in ControlPlaneErrorCode]: ControlPlaneErrorOf<C> }[ControlPlaneErrorCode];

/** See the type. A class cannot be a union, which is what `instanceof` and `code` narrow together. */
export const ControlPlaneError = class ControlPlaneError extends Error {
  override readonly name = "ControlPlaneError";
  readonly code: ControlPlaneErrorCode;
  readonly status: number;
  readonly detail: string;
  readonly problem: ProblemOf<ProblemCode> | undefined;
  readonly requestId: string;
  readonly idempotencyKey: string | undefined;
  readonly attempts: number;

  constructor(failed: FailedCall) {
    super(failed.detail, { cause: failed.cause });
    this.code = failed.code;
    this.status = failed.status;
    this.detail = failed.detail;
    this.problem = failed.problem;
    this.requestId = failed.requestId;
    this.idempotencyKey = failed.idempotencyKey;
    this.attempts = failed.attempts;
  }

  is(...codes: ControlPlaneErrorCode[]): boolean {
    return codes.includes(this.code);
  }
} as unknown as {
  new (failed: FailedCall): ControlPlaneError;
  readonly prototype: ControlPlaneError;
};
