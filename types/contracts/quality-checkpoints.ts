/** Requests and responses of the function `quality-checkpoints`. */

import { z } from "zod";
import { attempt, percent, reason, text, webAddress } from "./primitives.ts";
import { qualityCheckpoint } from "./rows.ts";

/** Body of `POST /quality-checkpoints/:id/complete`. */
export const completeQualityCheckpoint = z.strictObject({
  /** Of the checkpoint's session. */
  attempt: attempt.optional(),
  score: percent,
  evidence_url: webAddress.optional(),
  /** Kept as completion_notes. */
  notes: text(20_000).optional(),
});

/** See {@link completeQualityCheckpoint}. */
export type CompleteQualityCheckpoint = z.infer<typeof completeQualityCheckpoint>;

/** Body of `POST /quality-checkpoints/:id/{reopen,waive}`. */
export const moveQualityCheckpoint = z.strictObject({ attempt: attempt.optional(), reason });

/** See {@link moveQualityCheckpoint}. */
export type MoveQualityCheckpoint = z.infer<typeof moveQualityCheckpoint>;

/** Answer to each event (200). */
export const qualityCheckpointAnswer = z.strictObject({ checkpoint: qualityCheckpoint });

/** See {@link qualityCheckpointAnswer}. */
export type QualityCheckpointAnswer = z.infer<typeof qualityCheckpointAnswer>;
