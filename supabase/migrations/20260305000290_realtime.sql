-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- What dashboards watch: Supabase Realtime tells clients about changes of the tables in this publication, each
-- client about the rows that its policies let it read.
--
-- Not orchestration_metrics: it is written in batches of up to 1000 rows, Realtime asks the policies row by row and
-- subscriber by subscriber, one after the other, and everybody would wait for that; a dashboard shows sums of it,
-- which it asks for from time to time.
--
-- Replica identity stays the default, the primary key. An update carries the whole new row, and the key in `old`;
-- what the status was before is in state_transitions. `full` would write every old row, with its JSON, to the log
-- once more, and clients would still see only the key: where row level security is on, Realtime sends no more of
-- `old`. For a deletion no policy can be asked any more, so that everybody who listens gets it: an id, nothing else.
--
-- Published already, by name, by schema or as `for all tables`, is left as it is; so is a database without
-- Realtime. Adding a table needs no more than a moment's lock, which writers pass.
do $$
declare
  v_table text;
begin
  if not exists (select from pg_catalog.pg_publication where pubname = 'supabase_realtime') then
    raise notice 'there is no publication supabase_realtime: nothing to watch changes with';
    return;
  end if;

  for v_table in
    select watched.name
    from unnest(
      array[
        'exec_implementation_sessions', 'exec_quality_checkpoints', 'exec_handoff_preparations',
        'telemetry_analysis_runs', 'okr_generation_log', 'state_transitions'
      ]
    ) as watched (name)
    where not exists (
      select
      from pg_catalog.pg_publication_tables published
      where published.pubname = 'supabase_realtime'
        and published.schemaname = 'public'
        and published.tablename = watched.name
    )
  loop
    execute format('alter publication supabase_realtime add table public.%I', v_table);
  end loop;
exception
  -- Who may alter it owns it; on Supabase that is postgres.
  when insufficient_privilege then
    raise notice using
      message = format('%s may not alter the publication supabase_realtime: changes cannot be watched', current_user),
      hint = 'Add the tables in Studio, under Database, Publications; the README says which.';
end
$$;
