import type { ProblemOf } from "../contracts/problem-members.ts";
import type { ProblemCode } from "../contracts/problems.ts";

/**
 * Every {@link ProblemCode} that the functions answer with, and what goes wrong on the way to them:
 * `no_answer` (network, time-out) and `unexpected_answer` (from something else than the functions, such as a proxy).
 */
export type ControlPlaneErrorCode = ProblemCode | "no_answer" | "unexpected_answer";

/** A problem with one of these codes; undefined where none was answered. */
type ProblemFor<C extends ControlPlaneErrorCode> = C extends ProblemCode ? ProblemOf<C> : undefined;

/** An error whose code is known, with the members that its problem has. */
export type ControlPlaneErrorOf<C extends ControlPlaneErrorCode> = ControlPlaneError & {
  readonly code: C;
  readonly problem: ProblemFor<C>;
};

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

/** A call that was refused or failed: what every method of the client rejects with, unless it was aborted. */
export class ControlPlaneError extends Error {
  override readonly name = "ControlPlaneError";
  readonly code: ControlPlaneErrorCode;
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;
  /** One or two sentences for a person; the same as `message`. */
  readonly detail: string;
  /** The body of the answer; narrowed by {@link ControlPlaneError.is}. */
  readonly problem: ProblemOf<ProblemCode> | undefined;
  /** Finds the call in the functions' log, and in the history where it changed something. */
  readonly requestId: string;
  /** Of a write: to be given again to go on with it where its outcome is unknown. */
  readonly idempotencyKey: string | undefined;
  /** How often it was sent. */
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

  /** Whether it has one of these codes; where it has, `problem` is known to have the members that go with it. */
  is<C extends ControlPlaneErrorCode>(...codes: C[]): this is ControlPlaneErrorOf<C> {
    return (codes as ControlPlaneErrorCode[]).includes(this.code);
  }
}
