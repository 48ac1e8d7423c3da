-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- Internals of the protocol: transition rules, event functions, helpers. The Data API does not expose
-- this schema and its roles cannot use it; the edge functions come in as the owner, postgres.
--
-- Default privileges would not add to that: for one schema they can only grant more than the database
-- does, never less, so the execute right that PUBLIC has on every new function stays. Taking it back for
-- the whole database would change functions that are none of our business. So each migration that
-- creates functions here revokes it under the function.
create schema leo;

comment on schema leo is
  'Internals of the LEO protocol: transition rules and the functions that move states. Not for the Data API.';

revoke all on schema leo from public, anon, authenticated, service_role;
