/**
 * Rows as responses carry them: what PostgreSQL makes of them in JSON. Rows may gain columns.
 *
 * Each has every column of its table: where one is missing here, `satisfies` does not compile.
 */

import { z } from "zod";
import type { Database } from "../database.ts";
import { stateMachines } from "../state-machines.ts";
import { uuid } from "./primitives.ts";

type Row<T extends keyof Database["public"]["Tables"]> = z.ZodType<Database["public"]["Tables"][T]["Row"]>;

/** Any JSON value. */
export const jsonValue = z.json();

const json = jsonValue.nullable();
const texts = z.array(z.string()).nullable();
const text = z.string().nullable();
const integer = z.int().nullable();
const moment = z.iso.datetime({ offset: true });
const when = moment.nullable();

/** A row of exec_implementation_sessions. */
export const execSession = z.looseObject({
  id: uuid,
  sd_id: z.string(),
  prd_id: text,
  status: z.enum(stateMachines.exec_session.statuses),
  implementation_type: z.string(),
  quality_score: integer,
  code_quality_score: integer,
  performance_score: integer,
  security_score: integer,
  ux_accessibility_score: integer,
  implementation_progress: integer,
  sub_agent_results: json,
  quality_gates: texts,
  pre_impl_checklist: json,
  test_coverage_pct: integer,
  performance_metrics: json,
  security_scan_results: json,
  accessibility_audit: json,
  before_screenshots: texts,
  after_screenshots: texts,
  demo_urls: texts,
  started_at: when,
  completed_at: when,
  orchestrator: text,
  session_version: text,
  created_at: when,
  updated_at: when,
  attempt: z.int(),
}) satisfies Row<"exec_implementation_sessions">;

/** See {@link execSession}. */
export type ExecSession = z.infer<typeof execSession>;

/** A row of exec_quality_checkpoints. */
export const qualityCheckpoint = z.looseObject({
  id: uuid,
  session_id: uuid,
  sd_id: z.string(),
  checkpoint_name: z.string(),
  checkpoint_type: z.string(),
  is_required: z.boolean().nullable(),
  is_complete: z.boolean().nullable(),
  score: integer,
  evidence_url: text,
  completion_notes: text,
  completed_at: when,
  completed_by: text,
  created_at: when,
  updated_at: when,
}) satisfies Row<"exec_quality_checkpoints">;

/** See {@link qualityCheckpoint}. */
export type QualityCheckpoint = z.infer<typeof qualityCheckpoint>;

/** A row of exec_handoff_preparations. */
export const execHandoff = z.looseObject({
  id: uuid,
  session_id: uuid,
  sd_id: z.string(),
  handoff_status: z.enum(stateMachines.handoff.statuses),
  implementation_summary: z.string(),
  quality_metrics: json,
  test_results: json,
  performance_benchmarks: json,
  security_validation: json,
  accessibility_compliance: json,
  demo_url: text,
  documentation_url: text,
  test_report_url: text,
  deliverables_manifest: texts,
  known_issues: texts,
  post_implementation_notes: text,
  prepared_at: when,
  sent_at: when,
  response_at: when,
  created_at: when,
  updated_at: when,
}) satisfies Row<"exec_handoff_preparations">;

/** See {@link execHandoff}. */
export type ExecHandoff = z.infer<typeof execHandoff>;

/** A row of telemetry_analysis_runs. */
export const telemetryRun = z.looseObject({
  id: uuid,
  run_id: uuid,
  scope_type: z.string(),
  scope_id: text,
  status: z.enum(stateMachines.telemetry_run.statuses),
  triggered_by: z.string(),
  triggered_at: moment,
  started_at: when,
  finished_at: when,
  correlation_id: text,
  output_ref: json,
  findings_count: integer,
  top_bottleneck_category: text,
  reason_code: text,
  error_class: text,
  error_message: text,
  duration_ms: integer,
  metadata: json,
  created_at: moment,
  updated_at: moment,
}) satisfies Row<"telemetry_analysis_runs">;

/** See {@link telemetryRun}. */
export type TelemetryRun = z.infer<typeof telemetryRun>;

/** A row of okr_generation_log. */
export const okrGeneration = z.looseObject({
  id: uuid,
  generation_date: z.iso.date(),
  period: z.string(),
  vision_id: uuid.nullable(),
  top_down_count: z.int(),
  bottom_up_count: z.int(),
  total_krs_generated: z.int(),
  top_down_ratio: z.number().nullable(),
  bottom_up_ratio: z.number().nullable(),
  source_breakdown: json,
  status: z.enum(stateMachines.okr_generation.statuses).nullable(),
  error_message: text,
  created_by: text,
  created_at: when,
}) satisfies Row<"okr_generation_log">;

/** See {@link okrGeneration}. */
export type OkrGeneration = z.infer<typeof okrGeneration>;
