-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- The OKR generations that are running. The sweep asks for them each minute and read the whole log for it, as the
-- documented indexes find a month or a date: at 100 000 generations a sweep with nothing to do touched 1651 pages, and
-- now touches 114.
--
-- The CLI runs migrations in a transaction, which rules out `concurrently`: on a table of millions of rows make
-- the index by hand before, then `if not exists` finds it.

-- squawk-ignore require-concurrent-index-creation
create index if not exists idx_okr_gen_log_running on public.okr_generation_log (created_at)
  where status = 'running';
