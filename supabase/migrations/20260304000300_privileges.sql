-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- What each role may do at all, before any policy is asked. Supabase's defaults grant everything, also what
-- no policy guards: whoever holds TRUNCATE empties a table past row level security. So everything is taken
-- back, and what a policy can use is granted. The result is written down in docs/privileges.md, and a test
-- compares that with the catalogue.

-- Everything, from whoever has it, on what this project made.

revoke all on
  public.exec_implementation_sessions,
  public.exec_quality_checkpoints,
  public.exec_handoff_preparations,
  public.telemetry_analysis_runs,
  public.okr_generation_log,
  public.orchestration_metrics,
  public.state_transitions
from public, anon, authenticated, service_role;

-- The documented tables. Services pass row level security, and work on rows, never on tables.

grant select, insert, update, delete on
  public.exec_implementation_sessions,
  public.exec_quality_checkpoints,
  public.exec_handoff_preparations,
  public.telemetry_analysis_runs,
  public.okr_generation_log,
  public.orchestration_metrics
to service_role;

grant select on
  public.exec_implementation_sessions,
  public.exec_quality_checkpoints,
  public.exec_handoff_preparations,
  public.telemetry_analysis_runs,
  public.okr_generation_log
to authenticated;

-- As the user under the tenant's policies.
grant select, insert, update, delete on public.orchestration_metrics to authenticated;

-- The one documented policy that lets in who is not signed in.
grant select on public.telemetry_analysis_runs to anon;

-- The history is written by trigger, as the owner.
grant select on public.state_transitions to authenticated, service_role;

-- The reference tables, where this project made them, which their two policies tell: one for services, one for
-- users to read. A project that had these tables keeps its own grants, which its own policies may rest upon.
do $$
declare
  v_table regclass;
  v_is_ours boolean;
begin
  for v_table, v_is_ours in
    select
      found.oid::regclass,
      found.relrowsecurity
      and array[found.relname || '_all service_role', found.relname || '_select authenticated'] = array(
        select policy.polname || ' ' || array_to_string(policy.polroles::regrole[], ',')
        from pg_catalog.pg_policy policy
        where policy.polrelid = found.oid
        order by policy.polname
      )
    from pg_catalog.pg_class found
    where
      found.relnamespace = 'public'::regnamespace
      and found.relname in (
        'strategic_vision', 'strategic_directives_v2', 'product_requirements_v2', 'companies', 'user_company_access',
        'ventures', 'eva_orchestration_sessions'
      )
  loop
    if not v_is_ours then
      raise notice '% keeps the grants that it has: it has policies of its own', v_table;
      continue;
    end if;

    execute format('revoke all on %s from public, anon, authenticated, service_role', v_table);
    execute format('grant select, insert, update, delete on %s to service_role', v_table);
    execute format('grant select on %s to authenticated', v_table);
  end loop;
end
$$;

-- Triggers need no right to execute, and nobody else calls these.
revoke execute on function
  public.create_quality_checkpoints_from_session(),
  public.update_sd_after_exec_completion(),
  public.update_telemetry_runs_updated_at()
from public, anon, authenticated, service_role;

-- What the role that runs the migrations makes from now on begins with nothing for clients; a migration that
-- wants more grants it under the object. For functions this has to hold in every schema: one schema's
-- defaults cannot take back what PUBLIC has everywhere. (The schema leo began without it, so as not to change
-- functions that are none of our business; but then each function that somebody adds to public, and forgets to
-- close, is one that anybody can call.)
alter default privileges in schema public revoke all on tables from anon, authenticated;
alter default privileges in schema public revoke all on sequences from anon, authenticated;
alter default privileges in schema public revoke execute on functions from anon, authenticated;
alter default privileges revoke execute on functions from public;

-- Services: rows, the numbers that come with them, and functions. Said in full, as projects differ in what they
-- begin with: Supabase grants services everything in older ones, and nothing in newer ones.
alter default privileges in schema public revoke all on tables from service_role;
alter default privileges in schema public grant select, insert, update, delete on tables to service_role;
alter default privileges in schema public revoke all on sequences from service_role;
alter default privileges in schema public grant usage, select on sequences to service_role;
alter default privileges in schema public grant execute on functions to service_role;
