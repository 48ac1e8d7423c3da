const MASKS: [RegExp, string][] = [
  [/\b(postgres(?:ql)?:\/\/)[^\s"']*/gi, "$1***"],
  [/\bsb_(secret|publishable)_[\w-]*/gi, "sb_$1_***"],
  [/\beyJ[\w-]+\.[\w-]*(\.[\w-]*)?/g, "***"],
  [/\b(bearer)\s+\S+/gi, "$1 ***"],
  [/\b(password|pwd|secret|token|apikey)(\s*[=:]\s*)("[^"]*"|'[^']*'|\S+)/gi, "$1$2***"],
];

/** `text` without what gives access: connection strings, keys, tokens, passwords. */
export function maskSecrets(text: string): string {
  return MASKS.reduce((masked, [pattern, mask]) => masked.replace(pattern, mask), text);
}
