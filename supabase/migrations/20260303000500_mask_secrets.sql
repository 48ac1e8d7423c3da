-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- The same masks as maskSecrets of the edge functions, which write the log: what ends up in a row must be as
-- clean. Blanks and letters are spelled out, as \s, \w and \y depend on the database's locale, and mean
-- something else in JavaScript.
create function leo.mask_secrets(message text)
returns text
language plpgsql
immutable
strict
set search_path = ''
as $$
declare
  v_masks constant text[] := array[
    -- Connection strings, and the login of any other address.
    ['(postgres(?:ql)?://)[^ \t\r\n"'']*', '\1***'],
    ['(://)[^ \t\r\n/:@"'']*:[^ \t\r\n/@"'']+@', '\1***@'],
    -- Keys of Supabase, JSON web tokens, bearer tokens.
    ['sb_(secret|publishable)_[a-z0-9_-]*', 'sb_\1_***'],
    ['(?<![a-z0-9_])eyJ[a-z0-9_-]+\.[a-z0-9_-]*(\.[a-z0-9_-]*)?', '***'],
    ['(bearer)[ \t\r\n]+[^ \t\r\n]+', '\1 ***'],
    -- password=…, DB_PASSWORD: '…', {"apikey": "…"}.
    [
      '(password|passwd|pwd|secret|token|api_?key)(\\?["'']?[ \t\r\n]*[=:][ \t\r\n]*)'
        '("[^"]*("|$)|''[^'']*(''|$)|[^ \t\r\n"''][^ \t\r\n]*)',
      '\1\2***'
    ]
  ];
  v_mask text[];
begin
  foreach v_mask slice 1 in array v_masks loop
    message := regexp_replace(message, v_mask[1], v_mask[2], 'gi');
  end loop;

  return message;
end
$$;

revoke execute on function leo.mask_secrets(text) from public, anon, authenticated, service_role;

comment on function leo.mask_secrets(text) is
  'The message without what gives access: connection strings, keys, tokens, passwords. For whatever callers '
  'report in their own words.';

-- Reasons are such words, and those of every event function reach the history through here.
create or replace function leo.set_context(context jsonb)
returns void
language plpgsql
set search_path = ''
as $$
begin
  -- All four, each time: what an earlier event of the same transaction left must not show up in this one.
  perform
    set_config('leo.actor', coalesce(set_context.context ->> 'actor', ''), true),
    set_config('leo.event', coalesce(set_context.context ->> 'event', ''), true),
    set_config('leo.request_id', coalesce(set_context.context ->> 'request_id', ''), true),
    set_config('leo.reason', coalesce(leo.mask_secrets(set_context.context ->> 'reason'), ''), true);
end
$$;

revoke execute on function leo.set_context(jsonb) from public, anon, authenticated, service_role;

comment on function leo.set_context(jsonb) is
  'Makes actor, event, request_id and reason known to triggers until the end of the transaction, as '
  'settings leo.*; empty where not given. The reason without secrets.';
