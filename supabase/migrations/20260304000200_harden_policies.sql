-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- The documented policies, under their documented names and for their documented commands. What each said
-- before is in the README's table of differences.

-- For the role that they are meant for, instead of a question asked of every role: policies of other roles
-- need not be looked at. In brackets, auth.role() is asked once per statement and not once per row.

alter policy telemetry_analysis_runs_service_all on public.telemetry_analysis_runs
  to service_role
  using ((select auth.role()) = 'service_role');

alter policy "Authenticated read on okr_generation_log" on public.okr_generation_log
  to authenticated
  using ((select auth.role()) = 'authenticated');

alter policy "Service role full access on okr_generation_log" on public.okr_generation_log
  to service_role
  using ((select auth.role()) = 'service_role');

-- As documented, any signed-in user could write for any company, and a DELETE without a filter removed the
-- rows of every tenant. Now a user reads and writes for the companies that he has active access to.

alter policy eva_metrics_company_access on public.orchestration_metrics
  to authenticated
  using (company_id = any ((select leo.accessible_companies())::uuid[]));

alter policy "Allow update for authenticated" on public.orchestration_metrics
  using (company_id = any ((select leo.accessible_companies())::uuid[]));

alter policy orchestration_metrics_delete on public.orchestration_metrics
  using (company_id = any ((select leo.accessible_companies())::uuid[]));

-- What a written row points at has to be within reach too: a foreign key alone would tell a user which ids of
-- other companies exist, and put his figures beside theirs. Spelled out and not in a function, which for a
-- batch of 1000 rows took twice the time of the whole insert.
do $$
declare
  v_within_reach constant text := $check$
    company_id = any ((select leo.accessible_companies())::uuid[])
    and (
      venture_id is null
      or exists (
        select from public.ventures venture
        where
          venture.id = orchestration_metrics.venture_id
          and venture.company_id = any ((select leo.accessible_companies())::uuid[])
      )
    )
    and (
      session_id is null
      or exists (
        select from public.eva_orchestration_sessions session
        where
          session.session_id = orchestration_metrics.session_id
          and session.company_id = any ((select leo.accessible_companies())::uuid[])
      )
    )
  $check$;
begin
  execute format(
    'alter policy "Allow insert for authenticated" on public.orchestration_metrics with check (%s)', v_within_reach
  );
  execute format(
    'alter policy "Allow update for authenticated" on public.orchestration_metrics with check (%s)', v_within_reach
  );
end
$$;
