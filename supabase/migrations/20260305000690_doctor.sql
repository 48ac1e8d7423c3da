-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

create function leo.doctor(rows_per_problem integer default 100)
returns table (problem text, table_name text, entity_id text, detail text, fix text)
language plpgsql
-- One snapshot for all of it, so that nothing that moves meanwhile looks like a contradiction.
stable
set search_path = ''
-- A time in a fix has to mean the same to whoever runs it.
set datestyle = 'ISO, YMD'
set timezone = 'UTC'
set intervalstyle = 'postgres'
as $$
declare
  v_rows constant integer := greatest(coalesce(doctor.rows_per_problem, 100), 0);
begin
  return query
  with found as (
    select run.* from leo.doctor_of_runs() run
    union all
    select generation.* from leo.doctor_of_generations() generation
    union all
    select session.* from leo.doctor_of_sessions() session
    union all
    select directive.* from leo.doctor_of_directives() directive
    union all
    select checkpoint.* from leo.doctor_of_checkpoints() checkpoint
    union all
    select handoff.* from leo.doctor_of_handoffs() handoff
    union all
    select metric.* from leo.doctor_of_metrics() metric
    union all
    select history.* from leo.doctor_of_history() history
    union all
    select rest.* from leo.doctor_of_the_rest() rest
  ),
  numbered as materialized (
    select
      found.*,
      row_number() over (partition by found.problem, found.table_name order by found.entity_id) as place
    from found
  )
  select shown.problem, shown.table_name, shown.entity_id, shown.detail, shown.fix
  from numbered shown
  where shown.place <= v_rows
  union all
  select rest.problem, rest.table_name, null, format('and %s more', count(*)), null
  from numbered rest
  where rest.place > v_rows
  group by rest.problem, rest.table_name
  order by 1, 2, 3 nulls last;
end
$$;

revoke execute on function leo.doctor(integer) from public, anon, authenticated, service_role;

comment on function leo.doctor(integer) is
  'What is stuck, orphaned or contradictory: one row per problem and entity, with the statements that put it right '
  '(fix; null where somebody has to decide), of which it runs none. At most rows_per_problem (100) of each problem '
  'and table, then one row without an entity that says how many more. Reads a snapshot and locks nothing. Called by '
  'operators, select * from leo.doctor(), and by npm run doctor.';
