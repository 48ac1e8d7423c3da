import { caller } from "../../transitions/call-event.ts";
import { type HotStatement, idOf } from "./hot-statement.ts";

type Expected = Pick<HotStatement, "indexes" | "pages" | "statements">;

interface Event {
  /** The row's number in volume.ts, behind the letter of its kind. */
  id?: string;
  request?: object;
  event?: string;
  given?: string[];
}

/** The call that an edge function makes for an event. */
function event(title: string, name: string, call: Event, expected: Expected): HotStatement {
  const { id, request = {}, event, given } = call;
  const params = [...(id ? [idOf(id)] : []), request, { ...caller, event }];
  const places = params.map((_, index) => `$${index + 1}`).join(", ");
  return { title, sql: `select leo.${name}(${places}) as answer`, params, given, ...expected };
}

// Which index finds the other sessions of the directive is left open: three of them do equally well.
const session = (id: string, name: string, expected: Expected) =>
  event(`a session: ${name}`, "move_exec_session", { id, event: name, request: { reason: "-" } }, expected);

const handoff = (id: string, name: string, expected: Expected) =>
  event(`a hand-off: ${name}`, "move_handoff", { id, event: name, request: { reason: "-" } }, expected);

const passGates = "update public.exec_quality_checkpoints set is_complete = true, score = 90 where session_id = ";

export const sessionEvents: HotStatement[] = [
  event(
    "a session: start",
    "start_exec_session",
    { request: { sd_id: "SD-100100", implementation_type: "API_ENDPOINT" } },
    { indexes: ["idx_exec_sessions_sd_id"], pages: 280, statements: 28 },
  ),
  event(
    "a session: update",
    "update_exec_session",
    { id: "s500", request: { implementation_progress: 50, attempt: 1 } },
    { indexes: ["exec_implementation_sessions_pkey"], pages: 43, statements: 8 },
  ),
  session("s500", "pause", { indexes: ["exec_implementation_sessions_pkey"], pages: 85, statements: 14 }),
  session("s501", "resume", { indexes: ["exec_implementation_sessions_pkey"], pages: 78, statements: 14 }),
  session("s500", "fail", { indexes: ["exec_implementation_sessions_pkey"], pages: 76, statements: 14 }),
  session("s500", "cancel", { indexes: ["exec_implementation_sessions_pkey"], pages: 76, statements: 14 }),
  session("s502", "retry", { indexes: ["exec_implementation_sessions_pkey"], pages: 78, statements: 14 }),
  event(
    "a session: complete",
    "complete_exec_session",
    { id: "s500", given: [`${passGates} '${idOf("s500")}'`] },
    { indexes: ["idx_exec_checkpoints_session_id"], pages: 123, statements: 19 },
  ),
  event(
    "a session: reopen",
    "move_exec_session",
    {
      id: "s505",
      event: "reopen",
      given: [`select leo.move_handoff('${idOf("h505")}', '{"reason": "-"}', '{"event": "reject"}')`],
    },
    { indexes: ["idx_exec_handoff_preparations_session_id"], pages: 102, statements: 16 },
  ),
  event(
    "a checkpoint: complete",
    "move_quality_checkpoint",
    { id: "c500TESTING", event: "complete", request: { score: 90 } },
    { indexes: ["exec_quality_checkpoints_pkey"], pages: 73, statements: 11 },
  ),
];

export const handoffEvents: HotStatement[] = [
  event(
    "a hand-off: prepare",
    "prepare_handoff",
    { request: { session_id: idOf("s500"), implementation_summary: "What was built." } },
    { indexes: ["idx_exec_handoff_preparations_session_id"], pages: 52, statements: 11 },
  ),
  event(
    "a hand-off: update",
    "update_handoff",
    { id: "h512", request: { implementation_summary: "What was built, and why." } },
    { indexes: ["exec_handoff_preparations_pkey"], pages: 40, statements: 9 },
  ),
  handoff("h512", "ready", { indexes: ["exec_handoff_preparations_pkey"], pages: 59, statements: 10 }),
  handoff("h513", "send", { indexes: ["exec_handoff_preparations_pkey"], pages: 59, statements: 9 }),
  handoff("h505", "accept", { indexes: ["idx_state_transitions_entity"], pages: 66, statements: 10 }),
  handoff("h505", "reject", { indexes: ["idx_state_transitions_entity"], pages: 65, statements: 10 }),
];

const request = (title: string, sent: object, expected: Expected) =>
  event(`a run: request ${title}`, "request_telemetry_run", { request: sent }, expected);

const run = (id: string, name: string, sent: object, expected: Expected) =>
  event(`a run: ${name}`, "move_telemetry_run", { id, event: name, request: sent }, expected);

export const runEvents: HotStatement[] = [
  request(
    "of a scope without runs",
    { scope_id: "new" },
    { indexes: ["idx_telemetry_runs_scope_status"], pages: 38, statements: 10 },
  ),
  request(
    "of a scope with a fresh one among thousands",
    { scope_id: "w5" },
    { indexes: ["idx_telemetry_runs_scope_status"], pages: 9, statements: 6 },
  ),
  request(
    "of a scope with an active one",
    { scope_type: "user", scope_id: "u0" },
    { indexes: ["idx_telemetry_runs_active"], pages: 5, statements: 5 },
  ),
  request(
    "of the whole, by force",
    { scope_type: "global", force: true },
    { indexes: ["idx_telemetry_runs_active"], pages: 6, statements: 5 },
  ),
  event(
    "a run: claim",
    "claim_telemetry_runs",
    { request: { worker: "w" } },
    { indexes: ["idx_telemetry_runs_queue"], pages: 44, statements: 5 },
  ),
  event(
    "ten runs: claim",
    "claim_telemetry_runs",
    { request: { worker: "w", limit: 10 } },
    { indexes: ["idx_telemetry_runs_queue"], pages: 315, statements: 5 },
  ),
  run("r11", "heartbeat", {}, { indexes: ["telemetry_analysis_runs_run_id_key"], pages: 49, statements: 9 }),
  run(
    "r11",
    "succeed",
    { output_ref: { rows_scanned: 5 } },
    { indexes: ["telemetry_analysis_runs_run_id_key"], pages: 48, statements: 5 },
  ),
  event(
    "a run: succeed, and claim the next",
    "move_telemetry_run",
    { id: "r11", event: "succeed", request: { output_ref: { rows_scanned: 5 }, claim_next: { worker: "w" } } },
    { indexes: ["telemetry_analysis_runs_run_id_key", "idx_telemetry_runs_queue"], pages: 92, statements: 5 },
  ),
  run(
    "r11",
    "fail",
    { error_class: "-", error_message: "-" },
    { indexes: ["telemetry_analysis_runs_run_id_key"], pages: 48, statements: 9 },
  ),
  run("r1", "cancel", {}, { indexes: ["telemetry_analysis_runs_run_id_key"], pages: 48, statements: 8 }),
  event(
    "the sweep with nothing to do",
    "sweep",
    {
      // Also at midnight.
      given: [
        "update public.orchestration_summary_progress set rolled_up_through = (now() at time zone 'utc')::date - 1",
        "update leo.metric_marking set marked_through = (now() at time zone 'utc')::date - 1",
      ],
    },
    {
      indexes: [
        "idx_telemetry_runs_active",
        "idx_okr_gen_log_running",
        "idx_exec_sessions_status",
        "idx_idempotency_keys_created_at",
      ],
      pages: 157,
      statements: 11,
    },
  ),
];

const month = "2033-04";

export const okrEvents: HotStatement[] = [
  event(
    "OKR: start",
    "start_okr_generation",
    { request: { period: month } },
    { indexes: ["idx_okr_gen_log_period"], pages: 27, statements: 7 },
  ),
  event(
    "OKR: complete",
    "move_okr_generation",
    { id: "o99990", event: "complete", request: { top_down_count: 4, bottom_up_count: 6 } },
    { indexes: ["okr_generation_log_pkey"], pages: 39, statements: 9 },
  ),
  event(
    "OKR: fail",
    "move_okr_generation",
    { id: "o99990", event: "fail", request: { error_message: "-" } },
    { indexes: ["okr_generation_log_pkey"], pages: 39, statements: 9 },
  ),
];

const once = (title: string, key: string, expected: Expected): HotStatement => ({
  title,
  sql: "select leo.call_once($1, 'move_exec_session', $2, $3, $4) as answer",
  params: [
    { caller: "secret:test", key, route: "exec-sessions", digest: "-" },
    idOf("s500"),
    {},
    { ...caller, event: "pause" },
  ],
  given: [
    `update leo.idempotency_keys
     set digest = '-', route = 'exec-sessions move_exec_session ${idOf("s500")}'
     where caller = 'secret:test' and key = 'key-500'`,
  ],
  ...expected,
});

export const callsOnce: HotStatement[] = [
  once("a call with an Idempotency-Key", "new", { indexes: ["idempotency_keys_pkey"], pages: 91, statements: 17 }),
  once("the same call again", "key-500", { indexes: ["idempotency_keys_pkey"], pages: 11, statements: 2 }),
];
