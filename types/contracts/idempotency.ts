/** How a caller makes a request repeatable. */

import { z } from "zod";

/**
 * Header `Idempotency-Key` of a POST or PATCH. The first answer to it, refusals of the state machine included, is given
 * again for 24 hours, marked with the header `Idempotency-Replayed: true`; another request with the same key is
 * the problem `idempotency_mismatch`. Keys of different callers do not meet.
 *
 * `POST /telemetry-analyzer` keeps which runs it claimed, not its answer: they are given as they stand by then.
 */
export const idempotencyKey = z.string().regex(/^[\x20-\x7e]{1,255}$/);
