/** The commands of shell blocks, one a line, without what is said of them after `#`. */
export function documentedCommands(blocks: string[]): string[] {
  return blocks
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
