-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- What dashboards and operators ask for by time, where no other index has the order.
--
-- The CLI runs migrations in a transaction, which rules out `concurrently`: on a table of millions of rows make
-- the index by hand before, then `if not exists` finds it.

-- The newest 50 of 89 000 hand-offs: at most 1/17 of the time.
-- squawk-ignore require-concurrent-index-creation
create index if not exists idx_exec_handoff_preparations_prepared_at
  on public.exec_handoff_preparations (prepared_at desc);

-- The last day (14 550 rows) of a history of 1 000 000: at most 1/12 of the time. brin, because the history is
-- written in the order of its time: 24 kB where a btree takes 9 MB, and next to nothing to add a move to. It finds a
-- time but has no order; the newest first is the order of id.
-- squawk-ignore require-concurrent-index-creation
create index if not exists idx_state_transitions_occurred_at
  on public.state_transitions using brin (occurred_at);
