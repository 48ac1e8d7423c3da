/** Request and response of the function `telemetry-analyzer`, and what an analysis finds. */

import { z } from "zod";
import { count, text } from "./primitives.ts";
import { telemetryRun } from "./rows.ts";

/** At most this many runs are analysed in one call; one after the other. */
export const MAX_ANALYZED_RUNS = 20;

/** Body of `POST /telemetry-analyzer`: claims queued runs and analyses them; no body at all will do. */
export const analyzeTelemetryRuns = z.strictObject({
  /** Kept in the metadata of the runs; `telemetry-analyzer` when left out. */
  worker: text(200).optional(),
  /** How many runs at most; 5 when left out. */
  limit: z.int().min(1).max(MAX_ANALYZED_RUNS).optional(),
});

/** See {@link analyzeTelemetryRuns}. */
export type AnalyzeTelemetryRuns = z.infer<typeof analyzeTelemetryRuns>;

/** Answer (200): the runs that this call claimed, perhaps none, as they stood when it left them. */
export const telemetryRunsAnalyzed = z.strictObject({
  /** As they stood when this call left them. */
  runs: z.array(telemetryRun),
});

/** See {@link telemetryRunsAnalyzed}. */
export type TelemetryRunsAnalyzed = z.infer<typeof telemetryRunsAnalyzed>;

/** What is compared with its own past. */
export const dimensionTypes = ["stage", "venture", "agent", "session_type"] as const;

/** From bad to worst. */
export const severities = ["low", "medium", "high", "critical"] as const;

/** A stage, venture, agent or session type that does worse than it used to. */
export const bottleneck = z.looseObject({
  dimension_type: z.enum(dimensionTypes),
  /** Stage number, venture id, agent name or session type. */
  dimension_key: z.string(),
  /** What is worse: the median duration, or the mean error rate. */
  measure: z.enum(["duration", "error_rate"]),
  severity: z.enum(severities),
  /** Median in milliseconds in the baseline window, and in the lookback window; null where errors are measured. */
  baseline_p50_ms: z.number().nullable(),
  observed_p50_ms: z.number().nullable(),
  /** Mean errors per action in these windows, 0 to 1; absent where durations are measured. */
  baseline_error_rate: z.number().optional(),
  observed_error_rate: z.number().optional(),
  /** Observed by baseline; a baseline error rate below 0.01 counts as 0.01. */
  ratio: z.number(),
  /** Samples in the lookback window, and those of them that are beyond the threshold by themselves. */
  sample_count: count,
  exceedance_count: count,
});

/** See {@link bottleneck}. */
export type Bottleneck = z.infer<typeof bottleneck>;

/** `output_ref` of a run that succeeded. */
export const telemetryFindings = z.looseObject({
  rows_scanned: count,
  /** Stages, ventures, agents and session types that could be compared. */
  dimensions_evaluated: count,
  /** The worst first, 100 at most; `findings_count` of the run says how many there are. */
  bottlenecks: z.array(bottleneck),
});

/** See {@link telemetryFindings}. */
export type TelemetryFindings = z.infer<typeof telemetryFindings>;
