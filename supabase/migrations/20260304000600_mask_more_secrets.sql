-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- The same function with more that it knows: values with quotes in them, of which it left the rest; the header
-- Authorization of any kind; keys by more names; the keys that agents hold. As before, the same masks are in the
-- edge functions' maskSecrets. PostgreSQL takes the longest match where JavaScript takes the first that fits, so
-- no two alternatives can begin with the same text.
create or replace function leo.mask_secrets(message text)
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
    ['(://)[^ \t\r\n/:@"'']*:[^ \t\r\n/"'']+@', '\1***@'],
    -- Keys of Supabase, JSON web tokens, bearer tokens.
    ['sb_(secret|publishable)_[a-z0-9_-]*', 'sb_\1_***'],
    ['(?<![a-z0-9_])eyJ[a-z0-9_-]+\.[a-z0-9_-]*(\.[a-z0-9_-]*)?', '***'],
    ['(bearer)[ \t\r\n]+[^ \t\r\n]+', '\1 ***'],
    -- The header Authorization of any other kind, and keys that agents hold: Supabase's own, GitHub's, models'.
    ['(authorization\\*["'']?[ \t]*[=:][ \t]*\\*["'']?[a-z]+)[ \t]+[^ \t\r\n"''\\]+', '\1 ***'],
    ['(?<![a-z0-9_-])(sbp_|gh[oprsu]_|github_pat_|sk-)[a-z0-9_-]{16,}', '\1***'],
    -- password=…, DB_PASSWORD: '…', {"apikey": "…"}, and the same as JSON within JSON.
    [
      '(password|passwd|passphrase|pwd|secret|token|(?:api|access|secret|private|signing|service_role)[_-]?key)'
        '(\\*["'']?[ \t\r\n]*[=:][ \t\r\n]*)'
        '(\\"(\\\\\\"|[^"\\]|\\[^"])*(\\?"|\\?$)|"([^"\\]|\\[^"]|\\")*("|\\?$)|'
        '''([^''\\]|\\[^'']|\\''|'''')*(''|\\?$)|([^ \t\r\n"''\\]|\\(?!"))[^ \t\r\n]*)',
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
