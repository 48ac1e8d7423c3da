-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- The foreign keys of the documented tables that no documented index covers and whose tables grow. They are
-- searched when somebody asks for the hand-offs of a directive or the sessions of a document, and each time
-- that a directive or document is deleted. At 99 000 rows the search took 25 times as long without them.
--
-- The CLI runs migrations in a transaction, which rules out `concurrently`: on a table of millions of rows make
-- the index by hand before, then `if not exists` finds it.

-- squawk-ignore require-concurrent-index-creation
create index if not exists idx_exec_handoff_preparations_sd_id on public.exec_handoff_preparations (sd_id);

-- squawk-ignore require-concurrent-index-creation
create index if not exists idx_exec_sessions_prd_id on public.exec_implementation_sessions (prd_id)
  where prd_id is not null;
