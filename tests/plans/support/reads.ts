import { type HotStatement, idOf } from "./hot-statement.ts";

const user = idOf("user77");

const read = (title: string, sql: string, indexes: string[], pages: number): HotStatement => ({
  title,
  sql: `select * from public.${sql}`,
  user,
  indexes,
  pages,
});

/** What signed-in users ask of the tables, and the views that are made for it. */
export const reads: HotStatement[] = [
  read(
    "the history of a row",
    `state_transitions where entity_id = '${idOf("s500")}' order by id`,
    ["idx_state_transitions_entity"],
    8,
  ),
  read(
    "the history of a directive",
    "state_transitions where sd_id = 'SD-500' order by id desc limit 50",
    ["idx_state_transitions_sd"],
    5,
  ),
  read(
    "the history of a day",
    "state_transitions where occurred_at > now() - interval '1 day'",
    ["idx_state_transitions_occurred_at"],
    136,
  ),
  read(
    "the runs of a scope",
    "telemetry_analysis_runs where scope_type = 'user' and scope_id = 'u8' and status = 'SUCCEEDED' " +
      "order by finished_at desc limit 20",
    ["idx_telemetry_runs_scope_status"],
    8,
  ),
  read(
    "the gates of a session",
    `exec_quality_checkpoints where session_id = '${idOf("s500")}'`,
    ["idx_exec_checkpoints_session_id"],
    6,
  ),
  read(
    "the gates of a directive",
    "exec_quality_checkpoints where sd_id = 'SD-500'",
    ["idx_exec_checkpoints_sd_id"],
    6,
  ),
  read("the generations of a month", "okr_generation_log where period = '2033-03'", ["idx_okr_gen_log_period"], 3),
  read("the session of a directive", "session_overview where sd_id = 'SD-500'", ["idx_exec_sessions_sd_id"], 17),
  read("active sessions", "session_overview where status = 'active'", ["idx_exec_checkpoints_session_id"], 1402),
  read(
    "the newest sessions",
    "session_overview order by started_at desc limit 50",
    ["idx_exec_sessions_started_at"],
    701,
  ),
  read("the gaps of a directive", "checkpoint_gaps where sd_id = 'SD-500'", ["idx_exec_sessions_sd_id"], 58),
  read("all gaps", "checkpoint_gaps order by open_since limit 50", ["idx_state_transitions_entity"], 4243),
  read(
    "the hand-offs of a directive",
    "handoff_turnarounds where sd_id = 'SD-505'",
    ["idx_exec_handoff_preparations_sd_id"],
    26,
  ),
  read(
    "the hand-offs that wait",
    "handoff_turnarounds where handoff_status = 'sent' order by sent_at limit 50",
    ["idx_exec_handoff_preparations_status"],
    905,
  ),
  read(
    "the newest hand-offs",
    "handoff_turnarounds order by prepared_at desc limit 50",
    ["idx_exec_handoff_preparations_prepared_at"],
    984,
  ),
  read(
    "the timeline of a directive",
    "sd_timeline where sd_id = 'SD-500' order by transition_id",
    ["idx_state_transitions_sd"],
    59,
  ),
  read("the newest moves", "sd_timeline order by transition_id desc limit 50", ["state_transitions_pkey"], 280),
  read(
    "the findings of a scope",
    "telemetry_findings where scope_type = 'user' and scope_id = 'u8'",
    ["idx_telemetry_runs_scope_status"],
    316,
  ),
  read(
    "the findings of a scope without an id",
    "telemetry_findings where scope_type = 'global' and scope_id is null",
    ["idx_telemetry_runs_scope_status"],
    21,
  ),
  read(
    "all findings",
    "telemetry_findings order by finished_at desc limit 50",
    ["idx_telemetry_runs_scope_status"],
    1379,
  ),
];
