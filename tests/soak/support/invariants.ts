/** What holds of the tables at any time, as the document of the state machines has it; each names what breaks it. */

/** `sql` returns the ids of offending rows, as text, in column id. */
export interface Invariant {
  title: string;
  sql: string;
}

/** Of each row of the history: the status of its session by then. */
const SESSION_BY_THEN = `(
  select earlier.to_status from public.state_transitions earlier
  where earlier.machine = 'exec_session' and earlier.entity_id = owner.session_id and earlier.id < moved.id
  order by earlier.id desc limit 1
)`;

export const invariants: Invariant[] = [
  {
    title: "a completed session has no incomplete required checkpoint",
    sql: `select session.id::text from public.exec_implementation_sessions session
      join public.exec_quality_checkpoints gate on gate.session_id = session.id
      where session.status = 'completed' and gate.is_required and not gate.is_complete`,
  },
  {
    title: "a directive has one session at most, where events alone made them",
    sql: "select sd_id as id from public.exec_implementation_sessions group by sd_id having count(*) > 1",
  },
  {
    title: "the attempt of a session says how often it became active",
    sql: `select session.id::text from public.exec_implementation_sessions session
      where session.attempt <> (
        select count(*) from public.state_transitions moved
        where moved.machine = 'exec_session' and moved.entity_id = session.id and moved.to_status = 'active'
      )`,
  },
  {
    title: "a session has completed_at where it has ended, and only there; completed it is at 100",
    sql: `select id::text from public.exec_implementation_sessions
      where (completed_at is not null) <> (status in ('completed', 'failed', 'cancelled'))
        or (status = 'completed' and implementation_progress <> 100)`,
  },
  {
    title: "a directive is on with its verification while its session is completed",
    sql: `select sd.id from public.strategic_directives_v2 sd
      join public.exec_implementation_sessions session on session.sd_id = sd.id
      where (sd.current_phase = 'PLAN_VERIFY') <> (session.status = 'completed')`,
  },
  {
    title: "checkpoints change only while their session is active or paused",
    sql: `select moved.id::text from public.state_transitions moved
      join public.exec_quality_checkpoints owner on owner.id = moved.entity_id
      where moved.machine = 'quality_checkpoint' and moved.event <> 'insert'
        and ${SESSION_BY_THEN} not in ('active', 'paused')`,
  },
  {
    title: "a hand-off is sent while its session is completed",
    sql: `select moved.id::text from public.state_transitions moved
      join public.exec_handoff_preparations owner on owner.id = moved.entity_id
      where moved.machine = 'handoff' and moved.event = 'send' and ${SESSION_BY_THEN} <> 'completed'`,
  },
  {
    title: "a session has one hand-off at most that is not rejected",
    sql: `select session_id::text as id from public.exec_handoff_preparations
      where handoff_status <> 'rejected' group by session_id having count(*) > 1`,
  },
  {
    title: "nobody answers a hand-off of their own",
    sql: `select moved.id::text from public.state_transitions moved
      where moved.machine = 'handoff' and moved.event in ('accept', 'reject') and moved.actor = (
        select sent.actor from public.state_transitions sent
        where sent.entity_id = moved.entity_id and sent.machine = 'handoff' and sent.event = 'send'
          and sent.id < moved.id
        order by sent.id desc limit 1
      )`,
  },
  {
    title: "a scope has one active run at most",
    sql: `select scope_id as id from public.telemetry_analysis_runs
      where status in ('QUEUED', 'RUNNING') group by scope_type, scope_id having count(*) > 1`,
  },
  {
    title: "a run is claimed once, and ends once",
    sql: `select entity_id::text as id from public.state_transitions
      where machine = 'telemetry_run' group by entity_id
      having count(*) filter (where event = 'claim') > 1
        or count(*) filter (where to_status not in ('QUEUED', 'RUNNING')) > 1`,
  },
  {
    title: "a run that succeeded says what it scanned",
    sql: `select run_id::text as id from public.telemetry_analysis_runs
      where status = 'SUCCEEDED' and reason_code is distinct from 'INSUFFICIENT_DATA'
        and coalesce((output_ref ->> 'rows_scanned')::numeric, 0) <= 0`,
  },
  {
    title: "a period has one generation at most that did not fail",
    sql: `select period as id from public.okr_generation_log
      where status <> 'failed' group by period having count(*) > 1`,
  },
  {
    title: "an Idempotency-Key that is there has its answer",
    sql: "select key as id from leo.idempotency_keys where answer is null",
  },
];
