// The patterns and their order are those of leo.mask_secrets, which cleans what ends up in a row; why they spell
// out blanks and letters, and make no difference between the first and the longest match, is said there.
const MASKS: [RegExp, string][] = [
  // Private keys, up to their end or that of the text.
  [/-----BEGIN [a-z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:[^-]|-(?!----END))*(?:-----END [a-z0-9 ]*(?:-----)?)?/gi, "***"],
  // Connection strings: up to a quote, unless the login goes on behind it.
  [/(postgres(?:ql)?:\/\/)(?:(?:[^ \t\r\n"':]|:(?!\/\/)|["'](?![,;:)}\]]))*@)?[^ \t\r\n"']*/gi, "$1***"],
  // The login of any other address; a password with a slash only where it is no port with a path.
  [
    /(:\/\/)[^ \t\r\n/:@"'[]*:(?:(?:[^ \t\r\n/"']|["'](?![,;:)}\]]))+|(?![0-9]*\/)[^ \t\r\n/@"']*\/(?:[^ \t\r\n@"':]|:(?!\/\/))*)@/gi,
    "$1***@",
  ],
  [/(:\/\/)(?!git@)[^ \t\r\n/:@"'?#[]+@/gi, "$1***@"],
  // Keys of Supabase, JSON web tokens, bearer tokens.
  [/sb_(secret|publishable)_[a-z0-9_-]*/gi, "sb_$1_***"],
  [/(?<![a-z0-9_])eyJ(?:[a-z0-9_]|-(?!eyJ))+\.[a-z0-9_-]*(\.[a-z0-9_-]*)?/gi, "***"],
  [/(bearer)[ \t\r\n]+[^ \t\r\n]+/gi, "$1 ***"],
  // The header Authorization of any other kind; without a scheme's name where it is JSON, or looks like no word.
  [/(authorization\\*["']?[ \t]*[=:][ \t]*\\*["']?[a-z]+)[ \t]+[^ \t\r\n"'\\]+/gi, "$1 ***"],
  [/(authorization\\*["'][ \t]*:[ \t]*\\*["'])[^ \t\r\n"'\\]+(?=\\*["']|$)/gi, "$1***"],
  [
    /(authorization\\*["']?[ \t]*[=:][ \t]*\\*["']?)(?=[^ \t\r\n"'\\]{6})[^0-9 \t\r\n"'\\:=]*[0-9][^ \t\r\n"'\\]*/gi,
    "$1***",
  ],
  // Keys that agents hold, known by how they begin: Supabase's own, GitHub's, GitLab's, Slack's, Stripe's, models',
  // Google's, Amazon's.
  [
    /(?<![a-z0-9_-])(sbp_|gh[oprsu]_|github_pat_|glpat-|xox[abeoprs]-|[rs]k_(?:live|test)_|sk-|AIza|A[KS]IA(?=[a-z0-9]{16}(?![a-z0-9_-])))[a-z0-9_-]{16,}/gi,
    "$1***",
  ],
  // alter role … password '…', and --password … unless the sentence goes on.
  [/((?:password|passphrase)[ \t\r\n]+)e?("([^"\\]|\\[^"]|\\")*("|\\?$)|'([^'\\]|\\[^']|\\'|'')*('|\\?$))/gi, "$1***"],
  [
    /(--(?:[a-z0-9]+-)*(?:password|passwd|passphrase|pass|secret|token|(?:api|access|secret|private|service-role)-?key)[ \t]+)(?!(?:is|was|or|and|to|for|not|must|may|can|cannot|needs|requires|required)(?:[ \t\r\n,;.:)]|$))("([^"\\]|\\[^"]|\\")*("|\\?$)|'([^'\\]|\\[^']|\\'|'')*('|\\?$)|([^ \t\r\n"'\\-]|\\(?!"))[^ \t\r\n]*)/gi,
    "$1***",
  ],
  // password=…, DB_PASSWORD: '…', {"apikey": "…"}, and the same as JSON within JSON. `pass` can be a verb.
  [
    /(password|passwd|passphrase|pwd|_pass|(?<![a-z0-9])pass(?==|\\*["']?[ \t]*[=:][ \t]*\\*["'])|secret|token|(?:api|access|secret|private|signing|encryption|master|auth|anon|service|service_role|supabase|openai|anthropic|stripe)[_-]?key)(\\*["']?[ \t\r\n]*[=:][ \t\r\n]*)(\\"(\\\\\\"|[^"\\]|\\[^"])*(\\?"|\\?$)|"([^"\\]|\\[^"]|\\")*("|\\?$)|'([^'\\]|\\[^']|\\'|'')*('|\\?$)|([^ \t\r\n"'\\]|\\(?!"))[^ \t\r\n]*)/gi,
    "$1$2***",
  ],
];

/** `text` without what gives access: connection strings, keys, tokens, passwords. */
export function maskSecrets(text: string): string {
  return MASKS.reduce((masked, [pattern, mask]) => masked.replace(pattern, mask), text);
}
