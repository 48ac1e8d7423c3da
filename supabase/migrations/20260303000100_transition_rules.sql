-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- A checkpoint has no status column: is_complete true is complete, false and null are incomplete. waive
-- and heartbeat stay where they are; they are events all the same, with a history of their own.
insert into leo.state_transitions_allowed (machine, event, from_status, to_status)
values
  ('quality_checkpoint', 'complete', 'incomplete', 'complete'),
  ('quality_checkpoint', 'reopen', 'complete', 'incomplete'),
  ('quality_checkpoint', 'waive', 'incomplete', 'incomplete'),
  ('handoff', 'prepare', null, 'preparing'),
  ('handoff', 'ready', 'preparing', 'ready'),
  ('handoff', 'revise', 'ready', 'preparing'),
  ('handoff', 'revise', 'rejected', 'preparing'),
  ('handoff', 'send', 'ready', 'sent'),
  ('handoff', 'accept', 'sent', 'accepted'),
  ('handoff', 'reject', 'sent', 'rejected'),
  ('telemetry_run', 'request', null, 'QUEUED'),
  ('telemetry_run', 'claim', 'QUEUED', 'RUNNING'),
  ('telemetry_run', 'heartbeat', 'RUNNING', 'RUNNING'),
  ('telemetry_run', 'succeed', 'RUNNING', 'SUCCEEDED'),
  ('telemetry_run', 'fail', 'RUNNING', 'FAILED'),
  ('telemetry_run', 'time_out', 'RUNNING', 'TIMED_OUT'),
  ('telemetry_run', 'cancel', 'QUEUED', 'CANCELLED'),
  ('telemetry_run', 'cancel', 'RUNNING', 'CANCELLED'),
  ('telemetry_run', 'fail_enqueue', 'QUEUED', 'FAILED_ENQUEUE'),
  ('okr_generation', 'start', null, 'running'),
  ('okr_generation', 'complete', 'running', 'completed'),
  ('okr_generation', 'fail', 'running', 'failed');
