/** Headers that a caller may send besides credentials and `Idempotency-Key`. */

import { z } from "zod";

/**
 * Header `x-leo-actor` beside a secret key: what the caller calls itself. It is added to the actor that the history
 * records, as in `secret:default/builder-3`. Of a signed-in user it says nothing.
 */
export const actorLabel = z.string().regex(/^[A-Za-z0-9_.:-]{1,64}$/);

/**
 * Header `x-request-id`: finds the request in log and history, and is given back. Where it is missing, or of another
 * form, the function makes one.
 */
export const requestId = z.string().regex(/^[A-Za-z0-9_.:-]{1,128}$/);
