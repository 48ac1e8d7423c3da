-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- What dashboards show, as views: a client asks for rows that are ready to be shown and never for the tables
-- behind them. security_invoker: each runs with the rights and policies of whoever asks, so that it shows
-- nothing that this role could not read from the tables.
--
-- How long something takes is told in seconds, as a number. An interval reaches clients as a text that each
-- would have to parse, and the difference of two times fails up to PostgreSQL 16 where one is infinite, as a
-- client's may be: one such row must not take the view from everybody. Hence the difference of their epochs.

create view public.session_overview with (security_invoker = true) as
select
  session.id as session_id,
  session.sd_id,
  -- Here and not joined: looked up by its key for the rows that a client gets, and only if it asks for the
  -- column. A join that finds several hundred sessions reads all directives.
  (
    select sd.title from public.strategic_directives_v2 sd where sd.id = session.sd_id
  ) as sd_title,
  session.status,
  session.attempt,
  session.implementation_type,
  session.implementation_progress,
  gates.checkpoints_required,
  gates.checkpoints_done,
  handoff.id as open_handoff_id,
  handoff.handoff_status as open_handoff_status,
  session.started_at,
  session.completed_at,
  -- As leo.last_sign_of_life has it, which no API role may call.
  coalesce(
    greatest(
      case
        when session.updated_at > '-infinity' and session.updated_at <= now() + interval '1 day' then session.updated_at
      end,
      gates.updated_at,
      handoff.updated_at
    ),
    case
      when session.started_at > '-infinity' and session.started_at <= now() + interval '1 day' then session.started_at
    end,
    case
      when session.created_at > '-infinity' and session.created_at <= now() + interval '1 day' then session.created_at
    end
  ) as last_sign_of_life_at,
  round(
    extract(epoch from coalesce(session.completed_at, now())) - extract(epoch from session.started_at)
  ) as age_seconds
from public.exec_implementation_sessions session
-- Both are left joins to an aggregate, which PostgreSQL leaves out when a client asks for none of their columns,
-- as for a count, and looks up session by session when it does. Grouped beforehand, the checkpoints of all
-- sessions would be read for any question; with `limit 1`, the hand-offs would be for a count.
left join lateral (
  select
    (count(*) filter (where checkpoint.is_required is distinct from false))::integer as checkpoints_required,
    (
      count(*) filter (where checkpoint.is_required is distinct from false and checkpoint.is_complete)
    )::integer as checkpoints_done,
    max(checkpoint.updated_at) filter (
      where checkpoint.updated_at is distinct from checkpoint.created_at
        and checkpoint.updated_at > '-infinity'
        and checkpoint.updated_at <= now() + interval '1 day'
    ) as updated_at
  from public.exec_quality_checkpoints checkpoint
  where checkpoint.session_id = session.id
) as gates on true
left join lateral (
  select
    (array_agg(found.id order by found.created_at desc nulls last, found.id desc) filter (where found.is_open))[1]
      as id,
    (
      array_agg(found.handoff_status order by found.created_at desc nulls last, found.id desc)
      filter (where found.is_open)
    )[1] as handoff_status,
    max(found.updated_at) filter (
      where found.updated_at > '-infinity' and found.updated_at <= now() + interval '1 day'
    ) as updated_at
  from (
    select
      made.id, made.handoff_status, made.created_at, made.updated_at,
      made.handoff_status in ('preparing', 'ready', 'sent') as is_open
    from public.exec_handoff_preparations made
    where made.session_id = session.id
  ) as found
) as handoff on true;

-- Supabase's default privileges would let every API role write through it as well.
revoke all on public.session_overview from public, anon, authenticated, service_role;
grant select on public.session_overview to authenticated, service_role;

comment on view public.session_overview is
  'Every implementation session with its directive, gates and open hand-off, for dashboards. Made to be asked by '
  'session, directive or status, or for the newest by started_at.';
comment on column public.session_overview.session_id is 'The session.';
comment on column public.session_overview.sd_id is 'The strategic directive that is implemented.';
comment on column public.session_overview.sd_title is 'Its title.';
comment on column public.session_overview.status is
  'Where the session stands: active, paused, completed, failed or cancelled.';
comment on column public.session_overview.attempt is 'How often the session became active.';
comment on column public.session_overview.implementation_type is 'Kind of implementation, e.g. API_ENDPOINT.';
comment on column public.session_overview.implementation_progress is
  'How far the implementation is, in percent (0-100), as its agent reports it.';
comment on column public.session_overview.checkpoints_required is
  'How many quality checkpoints have to be complete before the session can be.';
comment on column public.session_overview.checkpoints_done is 'How many of those are complete.';
comment on column public.session_overview.open_handoff_id is
  'The hand-off that is preparing, ready or sent; empty where there is none.';
comment on column public.session_overview.open_handoff_status is 'Where that hand-off stands.';
comment on column public.session_overview.started_at is 'When the implementation began.';
comment on column public.session_overview.completed_at is
  'When the session ended: completed, failed or cancelled. Empty while it is active or paused.';
comment on column public.session_overview.last_sign_of_life_at is
  'When somebody last worked on the session: when it, one of its checkpoints or one of its hand-offs was last '
  'changed, else when it began. Times that are infinite or more than a day ahead do not count; empty where there is '
  'no other.';
comment on column public.session_overview.age_seconds is
  'Seconds from the start to the end, or to now while the session has not ended.';
