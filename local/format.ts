import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { printedHelp, runScript } from "./command-line.ts";
import { repositoryRoot } from "./paths.ts";

/**
 * `npm run format`: rewrites TypeScript and JSON the way `npm run check` wants them. SQL is linted but not
 * rewritten: the formatter of postgres-language-server 0.25 deletes the comments between statements.
 */

const usage = `Rewrites TypeScript and JSON in place, as npm run check wants them (Biome).

Usage: npm run format

SQL is linted by npm run check, and formatted by hand.
`;

async function main(): Promise<number> {
  if (printedHelp("npm run format", usage)) return 0;
  const biome = join(repositoryRoot, "node_modules", ".bin", "biome");
  const { status } = spawnSync(biome, ["check", "--write"], { cwd: repositoryRoot, stdio: "inherit" });
  return status ?? 1;
}

runScript(main);
