// The patterns and their order are those of leo.mask_secrets, which cleans what ends up in a row; why they spell
// out blanks and letters is said there.
const MASKS: [RegExp, string][] = [
  // Connection strings, and the login of any other address.
  [/(postgres(?:ql)?:\/\/)[^ \t\r\n"']*/gi, "$1***"],
  [/(:\/\/)[^ \t\r\n/:@"']*:[^ \t\r\n/@"']+@/gi, "$1***@"],
  // Keys of Supabase, JSON web tokens, bearer tokens.
  [/sb_(secret|publishable)_[a-z0-9_-]*/gi, "sb_$1_***"],
  [/(?<![a-z0-9_])eyJ[a-z0-9_-]+\.[a-z0-9_-]*(\.[a-z0-9_-]*)?/gi, "***"],
  [/(bearer)[ \t\r\n]+[^ \t\r\n]+/gi, "$1 ***"],
  // password=…, DB_PASSWORD: '…', {"apikey": "…"}.
  [
    /(password|passwd|pwd|secret|token|api_?key)(\\?["']?[ \t\r\n]*[=:][ \t\r\n]*)("[^"]*("|$)|'[^']*('|$)|[^ \t\r\n"'][^ \t\r\n]*)/gi,
    "$1$2***",
  ],
];

/** `text` without what gives access: connection strings, keys, tokens, passwords. */
export function maskSecrets(text: string): string {
  return MASKS.reduce((masked, [pattern, mask]) => masked.replace(pattern, mask), text);
}
