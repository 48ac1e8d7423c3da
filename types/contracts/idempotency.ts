/** How a caller makes a request repeatable. */

import { z } from "zod";

/**
 * Header `Idempotency-Key` of a POST. The first answer to it, refusals of the state machine included, is given
 * again for 24 hours, marked with the header `Idempotency-Replayed: true`; another request with the same key is
 * the problem `idempotency_mismatch`. Keys of different callers do not meet.
 */
export const idempotencyKey = z.string().regex(/^[\x20-\x7e]{1,255}$/);
