import { randomUUID } from "node:crypto";
import type { z } from "zod";
import { execHandoffAnswer } from "../../../types/contracts/exec-handoffs.ts";
import { execSessionAnswer, execSessionMoved } from "../../../types/contracts/exec-sessions.ts";
import { okrGenerationAnswer } from "../../../types/contracts/okr-generations.ts";
import { qualityCheckpointAnswer } from "../../../types/contracts/quality-checkpoints.ts";
import {
  sweepAnswer,
  telemetryRunAnswer,
  telemetryRunDecision,
  telemetryRunsClaimed,
} from "../../../types/contracts/telemetry-runs.ts";
import { completeCheckpoints, createDirective } from "../../functions/support/directives.ts";
import type { TestDatabase } from "../../support/database.ts";

/** An event as a client fires it. */
export interface Event {
  /** Below /functions/v1. */
  path(id: string): string;
  /** With evidence that is valid in every state. */
  body?: Record<string, unknown>;
  answer: z.ZodType;
  /** What the history gives as the reason. */
  reason?: string;
  /** Who moves, where it is not the one who calls. */
  actor?: string;
  /** For events that pick their entities themselves, and so never refuse: whether this one was among them. */
  picked?(answer: Record<string, unknown>, id: string): boolean;
}

/** An event that makes an entity. */
export interface Creation {
  path: string;
  /** What to send for another entity beside this one, or for the first one, with whatever that refers to. */
  body(beside?: string): Promise<Record<string, unknown>>;
  answer: z.ZodType;
  /** What comes of it beside an entity in this state: a decision, a problem, or a new entity. */
  beside: Record<string, "created" | { decision: string } | { code: string; use: string | null }>;
}

/** Everything about a machine that its rules do not say. */
export interface Machine {
  table: string;
  /** The column by which routes and history know a row. */
  key: string;
  /** SQL for the state of a row. */
  state: string;
  /** Member of the answers that holds the row. */
  member: string;
  /** Makes a row in a state, ready for the event, along with what it refers to; returns its key. */
  seed(state: string, event?: string): Promise<string>;
  events: Record<string, Event>;
  creations: Record<string, Creation>;
}

const reason = "because of a test";

async function insert(database: TestDatabase, table: string, row: Record<string, unknown>, key: string) {
  const columns = Object.keys(row).join(", ");
  const [inserted] = await database.query<{ key: string }>(
    `insert into public.${table} (${columns})
     select ${columns} from jsonb_populate_record(null::public.${table}, $1) returning ${key}::text as key`,
    [row],
  );
  if (!inserted) throw new Error(`${table}: no row was inserted`);
  return inserted.key;
}

/** Every machine by its name in leo.state_transitions_allowed. */
export function machinesOf(database: TestDatabase): Record<string, Machine> {
  const add = (table: string, row: Record<string, unknown>, key = "id") => insert(database, table, row, key);

  async function session(status: string): Promise<string> {
    const sd_id = await createDirective(database);
    return add("exec_implementation_sessions", { sd_id, status, implementation_type: "UI_COMPONENT" });
  }

  async function sdOf(table: string, id: string): Promise<string> {
    const [row] = await database.query<{ sd_id: string }>(`select sd_id from public.${table} where id::text = $1`, [
      id,
    ]);
    return row?.sd_id ?? "";
  }

  async function handoff(sessionId: string, state: string): Promise<string> {
    return add("exec_handoff_preparations", {
      session_id: sessionId,
      sd_id: await sdOf("exec_implementation_sessions", sessionId),
      handoff_status: state,
      implementation_summary: "What was built",
      deliverables_manifest: ["a deliverable"],
    });
  }

  const sessionEvent = (
    event: string,
    body?: Record<string, unknown>,
    answer: z.ZodType = execSessionMoved,
  ): Event => ({
    path: (id) => `exec-sessions/${id}/${event}`,
    body,
    answer,
    reason: body?.reason as string | undefined,
  });
  const checkpointEvent = (event: string, body: Record<string, unknown>): Event => ({
    path: (id) => `quality-checkpoints/${id}/${event}`,
    body,
    answer: qualityCheckpointAnswer,
    reason: body.reason as string | undefined,
  });
  const handoffEvent = (event: string, body?: Record<string, unknown>): Event => ({
    path: (id) => `exec-handoffs/${id}/${event}`,
    body,
    answer: execHandoffAnswer,
    reason: body?.reason as string | undefined,
  });
  const runEvent = (event: string, body?: Record<string, unknown>, why?: string): Event => ({
    path: (id) => `telemetry-runs/${id}/${event}`,
    body,
    answer: telemetryRunAnswer,
    reason: why,
  });
  const okrEvent = (event: string, body: Record<string, unknown>, why?: string): Event => ({
    path: (id) => `okr-generations/${id}/${event}`,
    body,
    answer: okrGenerationAnswer,
    reason: why,
  });

  let months = 0;
  const newPeriod = () => {
    months += 1;
    return `${2030 + Math.floor(months / 12)}-${String((months % 12) + 1).padStart(2, "0")}`;
  };

  return {
    exec_session: {
      table: "exec_implementation_sessions",
      key: "id",
      state: "status",
      member: "session",
      async seed(state) {
        const id = await session(state);
        await completeCheckpoints(database, id, 80);
        // What reopen asks for, and no other event minds.
        await handoff(id, "rejected");
        return id;
      },
      events: {
        pause: sessionEvent("pause"),
        resume: sessionEvent("resume"),
        complete: sessionEvent("complete", { test_coverage_pct: 90 }, execSessionAnswer),
        fail: sessionEvent("fail", { reason }),
        cancel: sessionEvent("cancel", { reason }),
        retry: sessionEvent("retry"),
        reopen: sessionEvent("reopen"),
      },
      creations: {
        start: {
          path: "exec-sessions",
          body: async (beside) => ({
            sd_id: beside ? await sdOf("exec_implementation_sessions", beside) : await createDirective(database),
            implementation_type: "UI_COMPONENT",
          }),
          answer: execSessionAnswer,
          beside: {
            active: { code: "session_exists", use: null },
            paused: { code: "session_exists", use: "resume" },
            completed: { code: "session_exists", use: "reopen" },
            failed: { code: "session_exists", use: "retry" },
            cancelled: { code: "session_exists", use: "retry" },
          },
        },
      },
    },
    quality_checkpoint: {
      table: "exec_quality_checkpoints",
      key: "id",
      state: "case when is_complete then 'complete' else 'incomplete' end",
      member: "checkpoint",
      async seed(state) {
        const session_id = await session("active");
        const sd_id = await sdOf("exec_implementation_sessions", session_id);
        return add("exec_quality_checkpoints", {
          session_id,
          sd_id,
          checkpoint_name: "A gate",
          checkpoint_type: "SECURITY",
          is_complete: state === "complete",
        });
      },
      events: {
        complete: checkpointEvent("complete", { score: 77, evidence_url: "https://ci.example/1", notes: "seen" }),
        reopen: checkpointEvent("reopen", { reason }),
        waive: checkpointEvent("waive", { reason }),
      },
      creations: {},
    },
    handoff: {
      table: "exec_handoff_preparations",
      key: "id",
      state: "handoff_status",
      member: "handoff",
      seed: async (state) => handoff(await session("completed"), state),
      events: {
        ready: handoffEvent("ready"),
        revise: handoffEvent("revise"),
        send: handoffEvent("send"),
        accept: handoffEvent("accept"),
        reject: handoffEvent("reject", { reason }),
      },
      creations: {
        prepare: {
          path: "exec-handoffs",
          async body(beside) {
            const content = { implementation_summary: "What was built" };
            if (!beside) return { session_id: await session("active"), ...content };
            const [row] = await database.query(
              "select session_id from public.exec_handoff_preparations where id = $1",
              [beside],
            );
            return { ...row, ...content };
          },
          answer: execHandoffAnswer,
          beside: {
            preparing: { code: "handoff_open", use: "ready" },
            ready: { code: "handoff_open", use: "send" },
            sent: { code: "handoff_open", use: null },
            accepted: { code: "handoff_open", use: null },
            rejected: "created",
          },
        },
      },
    },
    telemetry_run: {
      table: "telemetry_analysis_runs",
      key: "run_id",
      state: "status",
      member: "run",
      async seed(state, event) {
        const started = !["QUEUED", "FAILED_ENQUEUE"].includes(state);
        const overdue = event === "time_out";
        return add(
          "telemetry_analysis_runs",
          {
            run_id: randomUUID(),
            scope_id: randomUUID(),
            status: state,
            triggered_at: new Date(Date.now() - 60_000),
            started_at: started ? new Date(Date.now() - 30_000) : null,
            finished_at: started && state !== "RUNNING" ? new Date() : null,
            metadata: state === "RUNNING" ? { deadline_at: new Date(Date.now() + (overdue ? -1 : 1) * 3_600_000) } : {},
          },
          "run_id",
        );
      },
      events: {
        claim: {
          path: () => "telemetry-runs/claim",
          body: { worker: "a worker", limit: 10 },
          answer: telemetryRunsClaimed,
          picked: (answer, id) => (answer.runs as { run_id: string }[]).some(({ run_id }) => run_id === id),
        },
        heartbeat: runEvent("heartbeat"),
        succeed: runEvent("succeed", { output_ref: { rows_scanned: 3 }, findings_count: 0 }),
        fail: runEvent("fail", { error_class: "ReadError", error_message: "no answer" }, "no answer"),
        time_out: {
          path: () => "telemetry-runs/sweep",
          answer: sweepAnswer,
          reason: "past its deadline",
          actor: "sweep",
          picked: (answer) => answer.telemetry_runs_timed_out === 1,
        },
        cancel: runEvent("cancel", { reason }, reason),
        fail_enqueue: runEvent("fail_enqueue", { error_class: "QueueDown" }),
      },
      creations: {
        request: {
          path: "telemetry-runs",
          async body(beside) {
            if (!beside) return { scope_id: randomUUID() };
            const [row] = await database.query(
              "select scope_id from public.telemetry_analysis_runs where run_id = $1",
              [beside],
            );
            return { ...row };
          },
          answer: telemetryRunDecision,
          beside: {
            QUEUED: { decision: "already_active" },
            RUNNING: { decision: "already_active" },
            SUCCEEDED: { decision: "fresh" },
            FAILED: "created",
            TIMED_OUT: "created",
            CANCELLED: "created",
            FAILED_ENQUEUE: "created",
          },
        },
      },
    },
    okr_generation: {
      table: "okr_generation_log",
      key: "id",
      state: "status",
      member: "generation",
      seed: (state) => add("okr_generation_log", { generation_date: "2026-01-01", period: newPeriod(), status: state }),
      events: {
        complete: okrEvent("complete", { top_down_count: 2, bottom_up_count: 3 }),
        fail: okrEvent("fail", { error_message: "no vision" }, "no vision"),
      },
      creations: {
        start: {
          path: "okr-generations",
          async body(beside) {
            if (!beside) return { period: newPeriod() };
            const [row] = await database.query("select period from public.okr_generation_log where id = $1", [beside]);
            return { ...row };
          },
          answer: okrGenerationAnswer,
          beside: {
            running: { code: "generation_exists", use: null },
            completed: { code: "generation_exists", use: null },
            failed: "created",
          },
        },
      },
    },
  };
}
