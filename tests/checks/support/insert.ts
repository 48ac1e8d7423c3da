/**
 * Puts lines above the one line of a text that begins with `neighbour`, and above the comment that belongs to that,
 * indented like it.
 *
 * @throws Error where no line begins so, or several do
 */
export function insertBefore(text: string, neighbour: string, lines: string): string {
  const all = text.split("\n");
  const found = all.flatMap((line, i) => (line.trimStart().startsWith(neighbour) ? [i] : []));
  if (found.length !== 1) throw new Error(`${found.length} lines begin with ${neighbour}, instead of one`);
  let at = found[0] as number;
  const indent = /^\s*/.exec(all[at] ?? "")?.[0] ?? "";
  while (/^\s*(\/\/|\/\*\*|\*)/.test(all[at - 1] ?? "")) at -= 1;
  all.splice(at, 0, ...lines.split("\n").map((line) => (line === "" ? "" : indent + line)));
  return all.join("\n");
}
