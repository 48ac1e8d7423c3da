-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

create view public.checkpoint_gaps with (security_invoker = true) as
select
  gap.checkpoint_id,
  gap.session_id,
  gap.sd_id,
  (
    select sd.title from public.strategic_directives_v2 sd where sd.id = gap.sd_id
  ) as sd_title,
  gap.session_status,
  gap.checkpoint_name,
  gap.checkpoint_type,
  gap.open_since,
  round(extract(epoch from now()) - extract(epoch from gap.open_since)) as open_seconds
from (
  select
    checkpoint.id as checkpoint_id,
    session.id as session_id,
    session.sd_id,
    session.status as session_status,
    checkpoint.checkpoint_name,
    checkpoint.checkpoint_type,
    coalesce(
      (
        select opened.occurred_at
        from public.state_transitions opened
        where opened.entity_id = checkpoint.id
          and opened.machine = 'quality_checkpoint'
          and opened.to_status = 'incomplete'
          and (opened.from_status = 'complete' or opened.event = 'require')
        order by opened.id desc
        limit 1
      ),
      checkpoint.created_at
    ) as open_since
  from public.exec_implementation_sessions session
  cross join lateral (
    select gate.*
    from public.exec_quality_checkpoints gate
    where gate.session_id = session.id
      -- Null counts against the gate, in both columns, as in leo.incomplete_gates, which no API role may read.
      and gate.is_required is distinct from false
      and gate.is_complete is distinct from true
    -- Session by session. Without this, PostgreSQL reads the checkpoints of all sessions that ever were as soon as
    -- some hundred are open: with 2000 open ones among 100 000 that took nearly twice as long.
    offset 0
  ) as checkpoint
  where session.status in ('active', 'paused')
) as gap;

revoke all on public.checkpoint_gaps from public, anon, authenticated, service_role;
grant select on public.checkpoint_gaps to authenticated, service_role;

comment on view public.checkpoint_gaps is
  'Required quality checkpoints that are not complete, of sessions that are active or paused: what keeps those '
  'sessions from being completed, and since when.';
comment on column public.checkpoint_gaps.checkpoint_id is 'The checkpoint.';
comment on column public.checkpoint_gaps.session_id is 'The session that it belongs to.';
comment on column public.checkpoint_gaps.sd_id is 'The strategic directive of that session.';
comment on column public.checkpoint_gaps.sd_title is 'Its title.';
comment on column public.checkpoint_gaps.session_status is 'Where the session stands: active or paused.';
comment on column public.checkpoint_gaps.checkpoint_name is 'Name of the checkpoint, unique within its session.';
comment on column public.checkpoint_gaps.checkpoint_type is
  'Its domain: CODE_QUALITY, PERFORMANCE, SECURITY, TESTING, ACCESSIBILITY or DOCUMENTATION.';
comment on column public.checkpoint_gaps.open_since is
  'Since when it is open: its creation, or when it was last reopened or required again.';
comment on column public.checkpoint_gaps.open_seconds is 'Seconds since then.';

-- The view that the database itself decides by has the columns of the table, and in Studio their comments.
do $$
declare
  v_column record;
begin
  for v_column in
    select attribute.attname as name, pg_catalog.col_description(attribute.attrelid, attribute.attnum) as comment
    from pg_catalog.pg_attribute attribute
    where attribute.attrelid = 'public.exec_quality_checkpoints'::regclass
      and attribute.attname in (
        select gate.attname
        from pg_catalog.pg_attribute gate
        where gate.attrelid = 'leo.incomplete_gates'::regclass and gate.attnum > 0
      )
  loop
    execute format('comment on column leo.incomplete_gates.%I is %L', v_column.name, v_column.comment);
  end loop;
end
$$;
