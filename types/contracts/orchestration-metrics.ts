/** Requests and responses of the function `orchestration-metrics`. */

import { z } from "zod";
import { count, interval, jsonObject, percentage, textArray, timestamp, uuid } from "./primitives.ts";

/** At most this many rows in one request. */
export const MAX_METRICS = 1_000;

/** What agents did in one session, stage or period; null counts as not given. */
export const orchestrationMetric = z.strictObject({
  /** Chosen by the client, it makes the row repeatable: sent again, it is a `duplicate`. */
  metric_id: uuid.nullish(),
  session_id: uuid.nullish(),
  company_id: uuid.nullish(),
  venture_id: uuid.nullish(),
  stage_id: z.int().min(1).max(40).nullish(),
  stage_duration: interval.nullish(),
  handoff_efficiency: percentage.nullish(),
  /** Errors per action. */
  error_rate: z.number().min(0).max(1).nullish(),
  action_count: count.nullish(),
  success_count: count.nullish(),
  failure_count: count.nullish(),
  agent_response_time: interval.nullish(),
  agent_utilization: percentage.nullish(),
  agents_involved: textArray(100, 200).nullish(),
  chairman_interventions: count.nullish(),
  chairman_approvals: count.nullish(),
  chairman_rejections: count.nullish(),
  compute_cost: z.number().min(0).max(99_999_999.99).nullish(),
  api_calls_made: count.nullish(),
  data_quality_score: percentage.nullish(),
  confidence_score: percentage.nullish(),
  recorded_at: timestamp.nullish(),
  metric_period_start: timestamp.nullish(),
  metric_period_end: timestamp.nullish(),
  metadata: jsonObject().nullish(),
});

/** See {@link orchestrationMetric}. */
export type OrchestrationMetric = z.infer<typeof orchestrationMetric>;

/** Body of `POST /orchestration-metrics`. */
export const recordMetrics = z.strictObject({
  /** One that cannot be kept is rejected, and does not sink the others. */
  metrics: z.array(orchestrationMetric).min(1).max(MAX_METRICS),
});

/** See {@link recordMetrics}. */
export type RecordMetrics = z.infer<typeof recordMetrics>;

/** The same with rows as they come: one that breaks its contract is rejected, and does not sink the others. */
export const recordMetricsLoosely = z.strictObject({ metrics: z.array(z.unknown()).min(1).max(MAX_METRICS) });

/** What became of one row. */
export const metricResult = z.strictObject({
  /** Of the row in the request. */
  index: z.int().min(0),
  /** Null where the row was rejected and brought none. */
  metric_id: uuid.nullable(),
  /** `duplicate`: there is a row with this metric_id already, and it is left as it is. */
  outcome: z.enum(["accepted", "duplicate", "rejected"]),
  /** Why it was rejected. */
  error: z.string().optional(),
});

/** See {@link metricResult}. */
export type MetricResult = z.infer<typeof metricResult>;

/** Answer (200): figures, and one result per row in the request's order. */
export const metricsRecorded = z.strictObject({
  /** Rows that are recorded now. */
  accepted: count,
  /** Rows that were recorded before. */
  duplicates: count,
  /** Rows that are not recorded. */
  rejected: count,
  /** One per row, in the request's order. */
  results: z.array(metricResult),
});

/** See {@link metricsRecorded}. */
export type MetricsRecorded = z.infer<typeof metricsRecorded>;
