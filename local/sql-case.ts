/** A word of SQL in upper case where lower case is the rule. */
export interface UpperCaseWord {
  line: number;
  word: string;
}

/**
 * What is not SQL code: comments, strings, quoted identifiers. Dollar quotes stay in, as function bodies are
 * SQL too; only their tags go.
 */
const notCode = /--[^\n]*|\/\*[\s\S]*?\*\/|e?'(?:[^'\\]|''|\\.)*'|"(?:[^"]|"")*"|\$[a-z_]*\$/gi;

/** Keywords and names of SQL that are not written in lower case. */
export function upperCaseWords(sql: string): UpperCaseWord[] {
  const code = sql.replace(notCode, (text) => text.replace(/[^\n]/g, " "));
  return code
    .split("\n")
    .flatMap((text, index) => (text.match(/\b\w*[A-Z]\w*\b/g) ?? []).map((word) => ({ line: index + 1, word })));
}
