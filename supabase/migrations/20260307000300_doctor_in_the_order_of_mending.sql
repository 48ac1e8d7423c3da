-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- leo.doctor() named problems by the alphabet, and whoever ran the fixes from the top was refused at the first one.

create or replace function leo.doctor(rows_per_problem integer default 100)
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
  select told.problem, told.table_name, told.entity_id, told.detail, told.fix
  from (
    select shown.problem, shown.table_name, shown.entity_id, shown.detail, shown.fix
    from numbered shown
    where shown.place <= v_rows
    union all
    select rest.problem, rest.table_name, null, format('and %s more', count(*)), null
    from numbered rest
    where rest.place > v_rows
    group by rest.problem, rest.table_name
  ) as told
  -- Sessions first: where one is to be reopened, the fixes of its checkpoints are refused until it is.
  order by told.table_name <> 'exec_implementation_sessions', 1, 2, 3 nulls last;
end
$$;
