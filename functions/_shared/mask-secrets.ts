// The patterns and their order are those of leo.mask_secrets, which cleans what ends up in a row; why they spell
// out blanks and letters, and make no difference between the first and the longest match, is said there.
const MASKS: [RegExp, string][] = [
  // Connection strings, and the login of any other address.
  [/(postgres(?:ql)?:\/\/)[^ \t\r\n"']*/gi, "$1***"],
  [/(:\/\/)[^ \t\r\n/:@"']*:[^ \t\r\n/"']+@/gi, "$1***@"],
  // Keys of Supabase, JSON web tokens, bearer tokens.
  [/sb_(secret|publishable)_[a-z0-9_-]*/gi, "sb_$1_***"],
  [/(?<![a-z0-9_])eyJ[a-z0-9_-]+\.[a-z0-9_-]*(\.[a-z0-9_-]*)?/gi, "***"],
  [/(bearer)[ \t\r\n]+[^ \t\r\n]+/gi, "$1 ***"],
  // The header Authorization of any other kind, and keys that agents hold: Supabase's own, GitHub's, models'.
  [/(authorization\\*["']?[ \t]*[=:][ \t]*\\*["']?[a-z]+)[ \t]+[^ \t\r\n"'\\]+/gi, "$1 ***"],
  [/(?<![a-z0-9_-])(sbp_|gh[oprsu]_|github_pat_|sk-)[a-z0-9_-]{16,}/gi, "$1***"],
  // password=…, DB_PASSWORD: '…', {"apikey": "…"}, and the same as JSON within JSON.
  [
    /(password|passwd|passphrase|pwd|secret|token|(?:api|access|secret|private|signing|service_role)[_-]?key)(\\*["']?[ \t\r\n]*[=:][ \t\r\n]*)(\\"(\\\\\\"|[^"\\]|\\[^"])*(\\?"|\\?$)|"([^"\\]|\\[^"]|\\")*("|\\?$)|'([^'\\]|\\[^']|\\'|'')*('|\\?$)|([^ \t\r\n"'\\]|\\(?!"))[^ \t\r\n]*)/gi,
    "$1$2***",
  ],
];

/** `text` without what gives access: connection strings, keys, tokens, passwords. */
export function maskSecrets(text: string): string {
  return MASKS.reduce((masked, [pattern, mask]) => masked.replace(pattern, mask), text);
}
