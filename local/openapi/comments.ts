/** What the doc comments of the contracts say, read from their source, so that nothing is described twice. */

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** A constant, or a member of one. */
export interface Documented {
  /** The doc comment right above it, its paragraphs parted by a blank line. */
  text?: string;
  members: Map<string, Documented>;
  /** Names of other constants of the file whose members are its own too: spread, extended, or the same by another name. */
  bases: string[];
}

/** The constants of one file. */
export interface CommentedFile {
  path: string;
  constants: Map<string, Documented>;
  exported: Set<string>;
}

/**
 * The doc comments of a file's constants and of their members.
 *
 * It goes by lines and indentation, which the formatter keeps: a member is a line of the form `name: …` or `name,`
 * that is indented deeper than the constant or member around it.
 */
export function readComments(path: string, source: string): CommentedFile {
  const file: CommentedFile = { path, constants: new Map(), exported: new Set() };
  const around: { indent: number; entry: Documented }[] = [];
  let comment: string[] | undefined;
  let isOpen = false;
  for (const line of source.split("\n")) {
    const code = line.trim();
    if (isOpen || code.startsWith("/**")) {
      comment = isOpen ? [...(comment ?? []), code] : [code];
      isOpen = !code.endsWith("*/");
      continue;
    }
    if (code.startsWith("//")) continue;
    const indent = line.length - line.trimStart().length;
    while (code !== "" && (around.at(-1)?.indent ?? -1) >= indent) around.pop();
    const entry = begun(file, around.at(-1)?.entry, line);
    if (entry) {
      if (comment) entry.text = textOf(comment);
      around.push({ indent, entry });
    }
    around.at(-1)?.entry.bases.push(...basesIn(code));
    comment = undefined;
  }
  return file;
}

/** The doc comments of every file of a folder, in the order of their names. */
export async function readCommentsOf(folder: string): Promise<CommentedFile[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith(".ts")).sort();
  return Promise.all(files.map(async (name) => readComments(name, await readFile(join(folder, name), "utf8"))));
}

/** What begins in a line, entered where it belongs; undefined where the line goes on with what is there. */
function begun(file: CommentedFile, around: Documented | undefined, line: string): Documented | undefined {
  const entry: Documented = { members: new Map(), bases: [] };
  const constant = /^(export )?const (\w+)\b/.exec(line);
  if (constant) {
    const [, exported, name = ""] = constant;
    if (exported) file.exported.add(name);
    file.constants.set(name, entry);
    return entry;
  }
  const [, member] = /^\s+(\w+)(?:: .*|,)$/.exec(line) ?? [];
  if (member === undefined || !around) return undefined;
  around.members.set(member, entry);
  return entry;
}

function basesIn(code: string): string[] {
  const spread = [...code.matchAll(/\.\.\.(\w+)/g)].map(([, name = ""]) => name);
  const [, whole] = /[=:] (\w+)(?:\.(?:extend|optional|nullable|nullish)\(.*|[,;]?)$/.exec(code) ?? [];
  return whole === undefined ? spread : [...spread, whole];
}

function textOf(comment: string[]): string {
  const lines = comment.map((line) => line.replace(/^\/?\*+\/?|\*\/$/g, "").trim());
  return lines
    .map((line) => line || "\n\n")
    .join(" ")
    .replace(/ *\n\n */g, "\n\n")
    .replace(/\{@link (\w+)\}/g, "`$1`")
    .trim();
}

/** The members of an entry and of its bases, whose words count where it has none of its own. */
export function membersOf(file: CommentedFile, entry: Documented): Map<string, Documented> {
  const members = new Map<string, Documented>();
  for (const name of entry.bases) {
    const base = file.constants.get(name);
    if (!base || base === entry) continue;
    for (const [member, documented] of membersOf(file, base)) members.set(member, documented);
  }
  for (const [member, documented] of entry.members) {
    const says = documented.text !== undefined || documented.members.size > 0 || documented.bases.length > 0;
    if (says || !members.has(member)) members.set(member, documented);
  }
  return members;
}

/** The file that exports a name, and what it says of it. */
export function exportedAs(
  files: CommentedFile[],
  name: string,
): { file: CommentedFile; entry: Documented } | undefined {
  const file = files.find(({ exported }) => exported.has(name));
  const entry = file?.constants.get(name);
  return file && entry ? { file, entry } : undefined;
}
