-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- The same function with more that it knows: values with quotes in them, of which it left the rest; the header
-- Authorization of any kind; private keys; logins that are not escaped; passwords as SQL and command lines give them;
-- keys by more names, and by how they begin. What is as likely to be a word stays: "password reset", "pass the test",
-- "authorization: required". As before, the same masks are in the edge functions' maskSecrets. PostgreSQL takes the
-- longest match where JavaScript takes the first that fits, so that from one place no two alternatives may fit to
-- different ends. What a pattern runs through ends where the pattern could begin anew, as a text made of nothing but
-- beginnings would otherwise cost the square of its length.
create or replace function leo.mask_secrets(message text)
returns text
language plpgsql
immutable
strict
set search_path = ''
as $$
declare
  v_masks constant text[] := array[
    -- Private keys, up to their end or that of the text.
    [
      '-----BEGIN [a-z0-9 ]*PRIVATE KEY(?: BLOCK)?-----'
        '(?:[^-]|-(?!----END))*(?:-----END [a-z0-9 ]*(?:-----)?)?',
      '***'
    ],
    -- Connection strings: up to a quote, unless the login goes on behind it.
    [
      '(postgres(?:ql)?://)(?:(?:[^ \t\r\n"'':]|:(?!//)|["''](?![,;:)}\]]))*@)?[^ \t\r\n"'']*',
      '\1***'
    ],
    -- The login of any other address; a password with a slash only where it is no port with a path.
    [
      '(://)[^ \t\r\n/:@"''\[]*:(?:(?:[^ \t\r\n/"'']|["''](?![,;:)}\]]))+|'
        '(?![0-9]*/)[^ \t\r\n/@"'']*/(?:[^ \t\r\n@"'':]|:(?!//))*)@',
      '\1***@'
    ],
    ['(://)(?!git@)[^ \t\r\n/:@"''?#\[]+@', '\1***@'],
    -- Keys of Supabase, JSON web tokens, bearer tokens.
    ['sb_(secret|publishable)_[a-z0-9_-]*', 'sb_\1_***'],
    ['(?<![a-z0-9_])eyJ(?:[a-z0-9_]|-(?!eyJ))+\.[a-z0-9_-]*(\.[a-z0-9_-]*)?', '***'],
    ['(bearer)[ \t\r\n]+[^ \t\r\n]+', '\1 ***'],
    -- The header Authorization of any other kind; without a scheme's name where it is JSON, or looks like no word.
    ['(authorization\\*["'']?[ \t]*[=:][ \t]*\\*["'']?[a-z]+)[ \t]+[^ \t\r\n"''\\]+', '\1 ***'],
    ['(authorization\\*["''][ \t]*:[ \t]*\\*["''])[^ \t\r\n"''\\]+(?=\\*["'']|$)', '\1***'],
    [
      '(authorization\\*["'']?[ \t]*[=:][ \t]*\\*["'']?)'
        '(?=[^ \t\r\n"''\\]{6})[^0-9 \t\r\n"''\\:=]*[0-9][^ \t\r\n"''\\]*',
      '\1***'
    ],
    -- Keys that agents hold, known by how they begin: Supabase's own, GitHub's, GitLab's, Slack's, Stripe's, models',
    -- Google's, Amazon's.
    [
      '(?<![a-z0-9_-])(sbp_|gh[oprsu]_|github_pat_|glpat-|xox[abeoprs]-|[rs]k_(?:live|test)_|sk-|AIza|'
        'A[KS]IA(?=[a-z0-9]{16}(?![a-z0-9_-])))[a-z0-9_-]{16,}',
      '\1***'
    ],
    -- alter role … password '…', and --password … unless the sentence goes on.
    [
      '((?:password|passphrase)[ \t\r\n]+)'
        'e?("([^"\\]|\\[^"]|\\")*("|\\?$)|''([^''\\]|\\[^'']|\\''|'''')*(''|\\?$))',
      '\1***'
    ],
    [
      '(--(?:[a-z0-9]+-)*(?:password|passwd|passphrase|pass|secret|token|'
        '(?:api|access|secret|private|service-role)-?key)[ \t]+)'
        '(?!(?:is|was|or|and|to|for|not|must|may|can|cannot|needs|requires|required)(?:[ \t\r\n,;.:)]|$))'
        '("([^"\\]|\\[^"]|\\")*("|\\?$)|''([^''\\]|\\[^'']|\\''|'''')*(''|\\?$)|'
        '([^ \t\r\n"''\\-]|\\(?!"))[^ \t\r\n]*)',
      '\1***'
    ],
    -- password=…, DB_PASSWORD: '…', {"apikey": "…"}, and the same as JSON within JSON. `pass` can be a verb.
    [
      '(password|passwd|passphrase|pwd|_pass|(?<![a-z0-9])pass(?==|\\*["'']?[ \t]*[=:][ \t]*\\*["''])|'
        'secret|token|(?:api|access|secret|private|signing|encryption|master|auth|anon|service|service_role|'
        'supabase|openai|anthropic|stripe)[_-]?key)'
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
