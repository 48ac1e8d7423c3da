-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- Which event leads from which status to which: the only copy of these rules. Functions and triggers ask
-- this table, and the types of the edge functions and clients are generated from it.
create table leo.state_transitions_allowed (
  machine text not null,
  event text not null,
  from_status text,
  to_status text not null,
  constraint state_transitions_allowed_one_target_per_event
    unique nulls not distinct (machine, event, from_status)
);

comment on table leo.state_transitions_allowed is
  'Single source of truth of the state machines: each row is a move that an event may make.';
comment on column leo.state_transitions_allowed.machine is 'The state machine, e.g. exec_session.';
comment on column leo.state_transitions_allowed.event is 'The event that makes the move, e.g. pause.';
comment on column leo.state_transitions_allowed.from_status is
  'The status that the move starts from; null where the event creates the row.';
comment on column leo.state_transitions_allowed.to_status is 'The status that the move leads to.';

insert into leo.state_transitions_allowed (machine, event, from_status, to_status)
values
  ('exec_session', 'start', null, 'active'),
  ('exec_session', 'pause', 'active', 'paused'),
  ('exec_session', 'resume', 'paused', 'active'),
  ('exec_session', 'complete', 'active', 'completed'),
  ('exec_session', 'fail', 'active', 'failed'),
  ('exec_session', 'fail', 'paused', 'failed'),
  ('exec_session', 'cancel', 'active', 'cancelled'),
  ('exec_session', 'cancel', 'paused', 'cancelled'),
  ('exec_session', 'retry', 'failed', 'active'),
  ('exec_session', 'retry', 'cancelled', 'active'),
  ('exec_session', 'reopen', 'completed', 'active');
