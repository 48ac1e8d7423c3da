import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { repositoryRoot } from "../../local/paths.ts";

/** The text of a section `## heading` of a document, without the heading; the whole document without one. */
export async function documentText(document: string, heading?: string): Promise<string> {
  const text = await readFile(join(repositoryRoot, document), "utf8");
  if (heading === undefined) return text;
  const [, section] = text.split(`\n## ${heading}\n`);
  if (section === undefined) throw new Error(`${document} has no section "${heading}"`);
  return section.split("\n## ")[0] ?? "";
}

/** What stands in the fenced blocks of a language, in their order, without the indentation of the list around them. */
export function fencedBlocks(text: string, language: string): string[] {
  const fences = new RegExp(`^( *)\`\`\`${language}\\n([\\s\\S]*?)^ *\`\`\`$`, "gm");
  return [...text.matchAll(fences)].map(([, indent = "", block = ""]) =>
    block.replaceAll(new RegExp(`^${indent}`, "gm"), "").trim(),
  );
}

/** The commands of the shell blocks, one a line, without what is said of them after `#`. */
export function documentedCommands(text: string): string[] {
  return fencedBlocks(text, "sh")
    .join("\n")
    .replaceAll(/\\\n\s*/g, "")
    .split("\n")
    .map((line) => line.replace(/(^|\s+)# .*$/, "").trim())
    .filter((line) => line !== "");
}

/** The arguments of a command as a shell splits it, as far as these documents quote. */
export function shellWords(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");
}
