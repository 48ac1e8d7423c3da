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
    const common = {
      type: problemType(this.code),
      title,
      status,
      detail: this.detail,
      code: this.code,
      request_id: requestId,
    };
    // First, for whoever reads it; and last, so that no member takes their place.
    const body = { ...common, ...this.options.members, ...common };
    const headers = { ...this.options.headers, "content-type": "application/problem+json" };
    return new Response(JSON.stringify(body), { status, headers });
  }
}

/** 400 `invalid_request` with its issues, of which the first is the detail unless another is given. */
export function invalidRequest(issues: Issue[], detail = firstOf(issues)): Problem {
  return new Problem("invalid_request", detail, { members: { issues } });
}

/** What to change first, in a sentence, and how much more there is. */
export function firstOf(issues: Issue[]): string {
  const [first, ...more] = issues;
  if (first === undefined) return "See the contract of this request.";
  const where = first.path.length > 0 ? `${first.path.slice(0, 5).join(".")}: ` : "";
  return `${where}${first.message}${more.length > 0 ? ` (and ${more.length} more in issues)` : ""}`;
}
