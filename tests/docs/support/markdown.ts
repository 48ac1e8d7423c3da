import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { repositoryRoot } from "../../../local/paths.ts";

/** A fenced block of a Markdown document. */
export interface CodeBlock {
  /** "" where none is given. */
  language: string;
  text: string;
  /** The nearest heading above it, without its marks; "" before the first one. */
  heading: string;
}

/** Every fenced block in order, those in lists too, without what they are indented by. */
export function codeBlocks(markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let heading = "";
  let open: (CodeBlock & { indent: string; lines: string[] }) | null = null;
  for (const line of markdown.split("\n")) {
    const fence = /^(\s*)```(\w*)\s*$/.exec(line);
    if (open !== null) {
      if (fence && fence[2] === "") {
        blocks.push({ language: open.language, heading: open.heading, text: open.lines.join("\n") });
        open = null;
      } else open.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
    } else if (fence) {
      open = { language: fence[2] ?? "", heading, text: "", indent: fence[1] ?? "", lines: [] };
    } else {
      heading = /^#+ (.+)$/.exec(line)?.[1] ?? heading;
    }
  }
  if (open !== null) throw new Error(`a block under "${heading}" has no end`);
  return blocks;
}

/** Every code span (`so`, or with more backticks around one that has some) outside of fenced blocks. */
export function codeSpans(markdown: string): string[] {
  const prose = markdown.replace(/^\s*```[\s\S]*?^\s*```$/gm, "");
  const spans = prose.matchAll(/(?<!`)(`+)(?!`)([\s\S]*?[^`])\1(?!`)/g);
  return [...spans].map(([, , text = ""]) => text.replace(/\s+/g, " "));
}

/** Text of a document of the repository, by its path there. */
export const document = (path: string) => readFile(join(repositoryRoot, path), "utf8");

/**
 * The blocks of one section of a document, in order. Whoever asks for them runs them all: the ledger counts a section
 * whose blocks no test asks for as unproven.
 *
 * @throws Error where there are none
 */
export async function documentedBlocks(path: string, heading: string, language: string): Promise<string[]> {
  const blocks = codeBlocks(await document(path)).filter(
    (block) => block.heading === heading && block.language === language,
  );
  if (blocks.length === 0) throw new Error(`${path} has no block of ${language} under "${heading}"`);
  return blocks.map(({ text }) => text);
}
