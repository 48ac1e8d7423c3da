import { type Issue, type ProblemCode, problems, problemType } from "../../types/contracts/problems.ts";

/** What a problem carries beyond code and detail. */
export interface ProblemOptions {
  /** More members of the body, such as `current` and `allowed`. */
  members?: Record<string, unknown>;
  /** More headers, such as Allow. */
  headers?: Record<string, string>;
  /** What went wrong underneath; for the log only. */
  cause?: unknown;
}

/** A refusal or failure, to be thrown; it becomes an `application/problem+json` response. */
export class Problem extends Error {
  override name = "Problem";
  readonly status: number;

  /** @param detail one or two sentences for a person, with nothing secret in them */
  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    readonly options: ProblemOptions = {},
  ) {
    super(detail, { cause: options.cause });
    this.status = problems[code].status;
  }

  /** The response; the request id lets a person find the request in the log and in the history. */
  response(requestId: string): Response {
    const { status, title } = problems[this.code];
    const body = {
      // First, so that no member can take the place of the ones below.
      ...this.options.members,
      type: problemType(this.code),
      title,
      status,
      detail: this.detail,
      code: this.code,
      request_id: requestId,
    };
    const headers = { ...this.options.headers, "content-type": "application/problem+json" };
    return new Response(JSON.stringify(body), { status, headers });
  }
}

/** 400 `invalid_request` with its issues. */
export function invalidRequest(issues: Issue[], detail = "See issues for what to change."): Problem {
  return new Problem("invalid_request", detail, { members: { issues } });
}
