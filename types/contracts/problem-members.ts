/** What a problem carries beside the members that every problem has, by its code. */

import { z } from "zod";
import { attempt } from "./primitives.ts";
import { issueSchema, type ProblemBody, type ProblemCode } from "./problems.ts";
import { qualityCheckpoint } from "./rows.ts";

const nothing = z.object({});

/** Another row that is in the way, and its state. */
const inTheWay = z.object({
  id: z.string(),
  status: z.string(),
});

/** The row that there is already. */
const taken = z.object({
  /** Id of the row that there is already. */
  id: z.string(),
  /** Its state. */
  current: z.string(),
  /** The event that leads on from there; null where somebody else has to act, or nothing leads on. */
  use: z.string().nullable(),
  /** Every event that its state allows. */
  allowed: z.array(z.string()),
});

/** Further members of each problem, by its code. */
export const problemMembers = {
  invalid_json: nothing,
  invalid_request: z.object({
    /** What to change, 20 at most. */
    issues: z.array(issueSchema),
  }),
  unauthenticated: nothing,
  forbidden: nothing,
  /** Both members are absent where there is no such route. */
  not_found: z.object({
    /** What there is not, such as `exec_session`. */
    entity: z.string().optional(),
    /** The id that was asked for. */
    id: z.string().optional(),
  }),
  method_not_allowed: nothing,
  illegal_transition: z.object({
    /** State of the row that was to be moved, or of its session where `session` is there. */
    current: z.string(),
    /** The event that was asked for. */
    event: z.string(),
    /** Events that are possible instead. */
    allowed: z.array(z.string()),
    /** Where the row would move, and its session does not let it: id and status of the session. */
    session: inTheWay.optional(),
    /** Where a session is not reopened: id and status of the hand-off that is in the way, null where it has none. */
    handoff: inTheWay.nullable().optional(),
  }),
  gates_incomplete: z.object({
    /** Those that are to be completed or waived first. */
    checkpoints: z.array(qualityCheckpoint),
  }),
  session_exists: taken,
  handoff_open: taken,
  generation_exists: taken.extend({
    /** The month, as `YYYY-MM`. */
    period: z.string(),
  }),
  status_taken: taken,
  same_actor: z.object({
    /** Who sent the hand-off. */
    actor: z.string(),
  }),
  stale_attempt: z.object({
    /** The present one. */
    attempt,
  }),
  payload_too_large: nothing,
  unsupported_media_type: nothing,
  idempotency_mismatch: nothing,
  internal: nothing,
  database_unavailable: nothing,
  auth_unavailable: nothing,
  overloaded: nothing,
} satisfies Record<ProblemCode, z.ZodType>;

type Common = Pick<ProblemBody, "type" | "title" | "status" | "detail" | "request_id">;

/** The problem with one of these codes, as a client receives it; a union where there are several. */
export type ProblemOf<C extends ProblemCode> = C extends ProblemCode
  ? Common & { code: C } & z.output<(typeof problemMembers)[C]>
  : never;
