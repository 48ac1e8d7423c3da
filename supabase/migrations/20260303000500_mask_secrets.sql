-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- Like maskSecrets of the edge functions, which write the log: what ends up in a row must be as clean.
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
    ['\y(postgres(?:ql)?://)[^\s"'']*', '\1***'],
    ['(://)[^\s/:@"'']*:[^\s/@"'']+@', '\1***@'],
    -- Keys of Supabase, JSON web tokens, bearer tokens.
    ['\ysb_(secret|publishable)_[\w-]*', 'sb_\1_***'],
    ['\yeyJ[\w-]+\.[\w-]*(\.[\w-]*)?', '***'],
    ['\y(bearer)\s+\S+', '\1 ***'],
    -- password=…, DB_PASSWORD: '…', {"apikey": "…"}.
    [
      '(password|passwd|pwd|secret|token|api_?key)(\\?["'']?\s*[=:]\s*)("[^"]*("|$)|''[^'']*(''|$)|[^\s"'']\S*)',
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
