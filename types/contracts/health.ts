/** Response of the function `health`. */

import { z } from "zod";

const count = z.int().min(0);

/** Answer to `GET /health` while the database can be reached; otherwise it is the problem `database_unavailable`. */
export const healthAnswer = z.object({
  /** Nothing else; what is not ok is the problem. */
  status: z.literal("ok"),
  /** What the worker that answers sees of it. */
  database: z.object({
    /** It has just answered. */
    reachable: z.literal(true),
    /** Version of the newest migration, 14 digits; null where the Supabase CLI did not apply them. */
    schema_version: z.string().nullable(),
  }),
  /** Connections of this worker by what they are doing, and callers waiting for one. */
  pool: z.object({ size: count, busy: count, idle: count, opening: count, waiting: count }),
});

/** See {@link healthAnswer}. */
export type HealthAnswer = z.infer<typeof healthAnswer>;
