import pg from "pg";
import type { TestDatabase } from "../../support/database.ts";

/**
 * A year of work, made by SQL and past the triggers: 10 000 directives with a session each (100 of them active, 100
 * paused), 30 000 checkpoints, 8 000 hand-offs, a history of 100 000 moves, and 100 000 runs of 100 users, ten
 * workspaces and the whole.
 */
export async function fill(database: TestDatabase): Promise<void> {
  const client = new pg.Client({ connectionString: database.adminUrl });
  await client.connect();
  try {
    await client.query(sql);
    await client.query("vacuum analyze");
  } finally {
    await client.end();
  }
}

const sql = `
  set session_replication_role = 'replica';

  insert into public.strategic_directives_v2
    (id, title, status, category, priority, description, rationale, scope, sequence_rank, sd_key)
  select 'SD-' || i, 'Directive ' || i, 'active', 'c', 'low', repeat('d', 200), 'r', 's', i, 'SD-' || i
  from generate_series(1, 10000) i;

  insert into public.exec_implementation_sessions (id, sd_id, implementation_type, status, started_at, updated_at)
  select md5('s' || i)::uuid, 'SD-' || i, 'API_ENDPOINT',
    case i % 100 when 0 then 'active' when 1 then 'paused' when 2 then 'failed' else 'completed' end,
    now() - i * interval '1 hour', now() - i * interval '1 hour'
  from generate_series(1, 10000) i;

  insert into public.exec_quality_checkpoints
    (id, session_id, sd_id, checkpoint_name, checkpoint_type, is_complete, created_at, updated_at)
  select md5('c' || i || name)::uuid, md5('s' || i)::uuid, 'SD-' || i, name, name, i % 100 > 1,
    now() - i * interval '1 hour', now() - i * interval '1 hour'
  from generate_series(1, 10000) i, unnest(array['TESTING', 'SECURITY', 'DOCUMENTATION']) name;

  insert into public.exec_handoff_preparations
    (id, session_id, sd_id, implementation_summary, handoff_status, prepared_at, sent_at, created_at)
  select md5('h' || i)::uuid, md5('s' || i)::uuid, 'SD-' || i, repeat('summary ', 30),
    case when i % 100 = 5 then 'sent' else 'accepted' end,
    now() - i * interval '1 hour', now() - i * interval '1 hour', now() - i * interval '1 hour'
  from generate_series(1, 10000) i
  where i % 10 > 1;

  insert into public.state_transitions
    (machine, entity_id, sd_id, event, from_status, to_status, actor, occurred_at)
  select made.machine, md5(made.seed)::uuid, 'SD-' || made.i, made.event, made.source, made.target, 'secret:a',
    now() - made.i * interval '1 hour'
  from generate_series(10000, 1, -1) i
  cross join lateral (
    values
      (i, 'exec_session', 's' || i, 'start', null, 'active'),
      (i, 'exec_session', 's' || i, 'complete', 'active', 'completed'),
      (i, 'quality_checkpoint', 'c' || i || 'TESTING', 'insert', null, 'incomplete'),
      (i, 'quality_checkpoint', 'c' || i || 'SECURITY', 'insert', null, 'incomplete'),
      (i, 'quality_checkpoint', 'c' || i || 'DOCUMENTATION', 'insert', null, 'incomplete'),
      (i, 'quality_checkpoint', 'c' || i || 'TESTING', 'complete', 'incomplete', 'complete'),
      (i, 'quality_checkpoint', 'c' || i || 'SECURITY', 'complete', 'incomplete', 'complete'),
      (i, 'handoff', 'h' || i, 'prepare', null, 'preparing'),
      (i, 'handoff', 'h' || i, 'send', 'ready', 'sent'),
      (i, 'handoff', 'h' || i, 'accept', 'sent', 'accepted')
  ) as made (i, machine, seed, event, source, target);

  insert into public.telemetry_analysis_runs
    (id, run_id, scope_type, scope_id, status, triggered_at, started_at, finished_at, output_ref)
  select md5('r' || i)::uuid, md5('r' || i)::uuid,
    case when i % 10 = 0 then 'global' when i % 10 < 3 then 'workspace' else 'user' end,
    case when i % 10 = 0 then null when i % 10 < 3 then 'w' || (i / 10) % 10 else 'u' || (i / 10) % 100 end,
    case when i <= 10 then 'QUEUED' when i % 7 = 0 then 'FAILED' else 'SUCCEEDED' end,
    now() - i * interval '1 minute', now() - i * interval '1 minute',
    case when i > 10 then now() - i * interval '1 minute' end, '{"rows_scanned": 12}'
  from generate_series(1, 100000) i;
`;
