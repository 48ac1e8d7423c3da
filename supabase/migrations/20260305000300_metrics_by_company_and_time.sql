-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- The metrics of a company over some time: what dashboards sum up and what the analysis of a company reads.
--
-- The CLI runs migrations in a transaction, which rules out `concurrently`: on a table of millions of rows make
-- the index by hand before, then `if not exists` finds it.

-- squawk-ignore require-concurrent-index-creation
create index if not exists idx_orch_metrics_company_recorded on public.orchestration_metrics (company_id, recorded_at);
