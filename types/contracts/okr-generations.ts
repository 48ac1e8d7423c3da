/** Requests and responses of the function `okr-generations`. */

import { z } from "zod";
import { jsonObject, text, uuid } from "./primitives.ts";
import { okrGeneration } from "./rows.ts";

/** The sum of two still fits an integer. */
const keyResults = z.int().min(0).max(1_000_000);

/** Body of `POST /okr-generations`: begins the generation of a month. */
export const startOkrGeneration = z.strictObject({
  /** Month `YYYY-MM`; the current one in UTC when left out. */
  period: z
    .string()
    .regex(/^(?!0000)\d{4}-(0[1-9]|1[0-2])$/, "Must be a month YYYY-MM")
    .optional(),
  vision_id: uuid.optional(),
  created_by: text(200).optional(),
});

/** See {@link startOkrGeneration}. */
export type StartOkrGeneration = z.infer<typeof startOkrGeneration>;

/** Body of `POST /okr-generations/:id/complete`; total and ratios are computed. */
export const completeOkrGeneration = z.strictObject({
  top_down_count: keyResults,
  bottom_up_count: keyResults,
  source_breakdown: jsonObject().optional(),
});

/** See {@link completeOkrGeneration}. */
export type CompleteOkrGeneration = z.infer<typeof completeOkrGeneration>;

/** Body of `POST /okr-generations/:id/fail`. */
export const failOkrGeneration = z.strictObject({ error_message: text(10_000) });

/** See {@link failOkrGeneration}. */
export type FailOkrGeneration = z.infer<typeof failOkrGeneration>;

/** Answer to start (201) and events (200). */
export const okrGenerationAnswer = z.strictObject({ generation: okrGeneration });

/** See {@link okrGenerationAnswer}. */
export type OkrGenerationAnswer = z.infer<typeof okrGenerationAnswer>;
