import { type Issue, isProblemCode } from "../../types/contracts/problems.ts";
import { firstOf, Problem } from "./problem.ts";

/** What the database answers instead of a result when it refuses a transition: a code and what explains it. */
interface Refusal {
  code: string;
  detail?: unknown;
  [member: string]: unknown;
}

/** The refusal in a result of one of the database's transition functions, as a problem; else undefined. */
export function refusalProblem(result: unknown): Problem | undefined {
  const refusal = (result as { refusal?: Refusal } | null)?.refusal;
  if (refusal === undefined) return undefined;
  const { code, detail, status, ...rest } = refusal;
  if (!isProblemCode(code)) throw new Error(`The database refused with an unknown code: ${code}`);
  // In a problem `status` is the HTTP status; an entity's is `current`, as in illegal_transition.
  const members = status === undefined ? rest : { ...rest, current: status };
  return new Problem(code, typeof detail === "string" ? detail : explain(code, members), { members });
}

/** A sentence that says what to do next, from what the refusal carries. */
function explain(code: string, members: Record<string, unknown>): string {
  const { id, current, use } = members;
  switch (code) {
    case "illegal_transition":
      return `${members.event} is not possible in state ${current}; possible: ${listed(members.allowed)}.`;
    case "gates_incomplete":
      return `Complete or waive these first: ${listed(names(members.checkpoints))}.`;
    case "session_exists":
      return `Session ${id} is ${current}: ${use ? `use its event ${use}` : "go on with it"}.`;
    case "handoff_open":
      return `Hand-off ${id} of this session is ${current}: ${use ? `use its event ${use}` : "go on with it"}.`;
    case "generation_exists":
      return `Generation ${id} of this period is ${current}; possible there: ${listed(members.allowed)}.`;
    case "status_taken":
      return `Session ${id} of the same strategic directive is ${current} already.`;
    case "same_actor":
      return "Whoever sent a hand-off does not answer it: let another key or user accept or reject it.";
    case "stale_attempt":
      return `The session is in attempt ${members.attempt}, not in the one that you sent.`;
    case "not_found":
      return `There is no ${String(members.entity ?? "row").replaceAll("_", " ")} with this id.`;
    case "idempotency_mismatch":
      return "Repeat the first request with this Idempotency-Key, or take a new key for this one.";
    case "invalid_request":
      return firstOf(members.issues as Issue[]);
    default:
      return "See the members of this problem.";
  }
}

/** Names of checkpoints, a few of them: the whole rows are in the members. */
function names(checkpoints: unknown): unknown {
  if (!Array.isArray(checkpoints)) return [];
  const first = checkpoints.slice(0, 5).map((checkpoint) => checkpoint?.checkpoint_name);
  return checkpoints.length > first.length ? [...first, "…"] : first;
}

function listed(values: unknown): string {
  return Array.isArray(values) && values.length > 0 ? values.join(", ") : "nothing";
}
