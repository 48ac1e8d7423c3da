-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- The policy is for the role authenticated, which is what its condition asked of each row once more: to count
-- 100 000 generations took a user 1.25 times what it took the owner; now it takes the same.
alter policy "Authenticated read on okr_generation_log" on public.okr_generation_log
  using (true);
