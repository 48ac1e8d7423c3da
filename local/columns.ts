/** How wide a terminal is taken to be: what is printed for people breaks there. */
export const COLUMNS = 80;

/**
 * Puts words into lines of at most 80 columns; a longer word gets a line of its own.
 *
 * @param first what the first line begins with, the blanks before its words included
 * @param indent what the other lines begin with
 */
export function fill(words: string[], first: string, indent: string): string[] {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of words) {
    if (!isEmpty && line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = indent;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
}

/** A text in lines of at most 80 columns, see {@link fill}. */
export function filledText(text: string, first: string, indent = first): string[] {
  return fill(text.split(/\s+/), first, indent);
}
