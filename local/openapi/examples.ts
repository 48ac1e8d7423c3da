/** One request for every operation. tests/openapi sends each for real and keeps what is answered in answers.json. */

import type { z } from "zod";
import type { OperationContracts } from "../../types/contracts/operations.ts";
import type { Machine } from "../../types/state-machines.ts";

/** What an example needs and sends. */
export interface Example {
  /** Operations that have gone before, in this order, with the same row; none where it is new. */
  after?: string[];
  /** More headers than those that each request has. */
  headers?: Record<string, string>;
  /** Absent where it goes without a body. */
  body?: Record<string, unknown>;
}

type ExampleOf<Contract> = Example &
  (Contract extends { request: infer Request extends z.ZodType }
    ? Record<never, never> extends z.input<Request>
      ? { body?: z.input<Request> }
      : { body: z.input<Request> }
    : { body?: never });

/** What examples refer to; supabase/seed.sql has both. */
export const references = {
  sd_id: "SD-2026-015",
  company_id: "c0000000-0000-4000-8000-000000000002",
};

/** Of each machine the id of a row, and what it is called in a command. */
export const exampleRows: Record<Machine, { id: string; variable: string }> = {
  exec_session: { id: "5b0c8a52-6f0e-4d7a-9b0e-3d9f4f4f8a11", variable: "SESSION_ID" },
  quality_checkpoint: { id: "c2b1f6d0-4a63-4f0e-8a8c-51f5ad1f9b27", variable: "CHECKPOINT_ID" },
  handoff: { id: "8f14e45f-ceea-467f-a0e6-d7b1d0c3a9e2", variable: "HANDOFF_ID" },
  telemetry_run: { id: "e9849e28-91ef-4f92-bd29-e107db8e09e4", variable: "RUN_ID" },
  okr_generation: { id: "3c59dc04-8e88-4502-93b3-2d7d5a4c6f18", variable: "GENERATION_ID" },
};

const asBuilder = { "x-leo-actor": "builder-3" };

/** By the names that the client calls the operations by. */
export const examples: {
  [G in keyof OperationContracts]: { [N in keyof OperationContracts[G]]: ExampleOf<OperationContracts[G][N]> };
} = {
  sessions: {
    start: {
      headers: { ...asBuilder, "idempotency-key": "start SD-2026-015" },
      body: {
        sd_id: references.sd_id,
        implementation_type: "API_ENDPOINT",
        quality_gates: ["unit tests", "threat model"],
      },
    },
    update: {
      body: { attempt: 1, implementation_progress: 40, test_coverage_pct: 72 },
    },
    pause: { body: { attempt: 1, reason: "waiting for the schema review" } },
    resume: { after: ["sessions.pause"] },
    complete: {
      headers: { ...asBuilder, "idempotency-key": `complete ${exampleRows.exec_session.id}` },
      body: {
        attempt: 1,
        test_coverage_pct: 91,
        security_scan_results: { high: 0, medium: 1 },
        demo_urls: ["https://demo.example/17"],
      },
    },
    fail: { body: { attempt: 1, reason: "the build host ran out of disk space" } },
    cancel: { after: ["sessions.pause"], body: { reason: "superseded by SD-2026-012" } },
    retry: { after: ["sessions.fail"], headers: asBuilder },
    reopen: { after: ["sessions.complete"], body: { reason: "the hand-off was rejected: no rollback plan" } },
  },
  checkpoints: {
    complete: {
      body: { attempt: 1, score: 90, evidence_url: "https://ci.example/runs/17", notes: "no findings" },
    },
    reopen: { after: ["checkpoints.complete"], body: { reason: "the scan was of another branch" } },
    waive: { body: { reason: "nothing that users see has changed" } },
  },
  handoffs: {
    prepare: {
      headers: { "idempotency-key": "hand-off of attempt 1" },
      body: {
        session_id: exampleRows.exec_session.id,
        attempt: 1,
        implementation_summary: "Rate limits per key, with a dashboard.",
        deliverables_manifest: ["functions/rate-limits", "docs/rate-limits.md"],
        known_issues: ["limits are per region"],
      },
    },
    update: { body: { test_report_url: "https://ci.example/runs/17/report" } },
    ready: {},
    revise: { after: ["handoffs.ready"], body: { reason: "the report was of an earlier commit" } },
    send: { after: ["handoffs.ready"], headers: asBuilder },
    accept: { after: ["handoffs.ready", "handoffs.send"], headers: { "x-leo-actor": "verifier-1" } },
    reject: {
      after: ["handoffs.ready", "handoffs.send"],
      headers: { "x-leo-actor": "verifier-1" },
      body: { reason: "there is no rollback plan" },
    },
  },
  telemetry: {
    request: {
      headers: { "idempotency-key": "telemetry of 2 March" },
      body: { scope_type: "workspace", scope_id: references.company_id, triggered_by: "MANUAL", timeout_ms: 60_000 },
    },
    claim: { after: [], body: { worker: "worker-1", limit: 10 } },
    sweep: { after: ["telemetry.claim"] },
    heartbeat: { after: ["telemetry.claim"] },
    succeed: {
      after: ["telemetry.claim"],
      body: {
        output_ref: { rows_scanned: 1200, dimensions_evaluated: 14, bottlenecks: [] },
        findings_count: 0,
        claim_next: { worker: "worker-1" },
      },
    },
    fail: {
      after: ["telemetry.claim"],
      body: { error_class: "ReadError", error_message: "the metrics could not be read" },
    },
    cancel: { body: { reason: "asked for twice" } },
    failEnqueue: { body: { error_class: "QueueDown", error_message: "the broker refused it" } },
    analyze: { after: [], body: { limit: 1 } },
  },
  okrGenerations: {
    start: { headers: { "idempotency-key": "OKRs of 2031-03" }, body: { period: "2031-03", created_by: "planner" } },
    complete: {
      body: { top_down_count: 4, bottom_up_count: 6, source_breakdown: { vision: 4, teams: 6 } },
    },
    fail: { body: { error_message: "the vision has no statement" } },
  },
  metrics: {
    record: {
      body: {
        metrics: [
          {
            metric_id: "6f4922f4-5568-461a-8cdf-4ad2299f6d23",
            company_id: references.company_id,
            stage_id: 4,
            stage_duration: "PT1M30S",
            error_rate: 0.02,
            action_count: 50,
            success_count: 49,
            failure_count: 1,
            agents_involved: ["coder", "reviewer"],
            compute_cost: 0.42,
            recorded_at: "2026-03-02T09:00:00Z",
          },
        ],
      },
    },
  },
  health: {
    check: {},
  },
};

/** The example of an operation by its name, such as `sessions.pause`. */
export function exampleOf(name: string): Example {
  const [group = "", own = ""] = name.split(".");
  const found = (examples as Record<string, Record<string, Example>>)[group]?.[own];
  if (!found) throw new Error(`there is no example of ${name}`);
  return found;
}
