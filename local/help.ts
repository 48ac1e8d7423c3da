import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { filledText } from "./columns.ts";
import { printedHelp, runScript } from "./command-line.ts";
import { repositoryRoot } from "./paths.ts";

/** `npm run help`: every script with what it is for, from `scripts-info` in package.json. */

const usage = `Lists the scripts of this repository, each with what it is for.

Usage: npm run help
`;

async function main(): Promise<number> {
  if (printedHelp("npm run help", usage)) return 0;
  const { scripts, "scripts-info": about } = JSON.parse(
    await readFile(join(repositoryRoot, "package.json"), "utf8"),
  ) as { scripts: Record<string, string>; "scripts-info": Record<string, string> };
  const names = Object.keys(scripts).filter((name) => name in about);
  const width = Math.max(...names.map((name) => name.length)) + 4;
  process.stdout.write("npm run <script> [-- options]; each says with -- --help what it takes.\n\n");
  for (const name of names) {
    const lines = filledText(about[name] ?? "", `  ${name}`.padEnd(width), " ".repeat(width));
    process.stdout.write(`${lines.join("\n")}\n`);
  }
  return 0;
}

runScript(main);
