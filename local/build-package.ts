import { spawnSync } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { printedHelp, runScript } from "./command-line.ts";
import { repositoryRoot } from "./paths.ts";

/** `npm run build`: types/ as JavaScript and declarations, as the package `leo-control-plane` has them. */

const usage = `Builds the package into dist/, from nothing; npm pack does so by itself.

Usage: npm run build
`;

async function main(): Promise<number> {
  if (printedHelp("npm run build", usage)) return 0;
  // What has no source any more would be packed otherwise.
  await rm(join(repositoryRoot, "dist"), { recursive: true, force: true });
  // Not by node_modules/.bin, whose files are scripts of the shell's kind on each platform.
  const compiler = join(repositoryRoot, "node_modules", "typescript", "bin", "tsc");
  const config = join(repositoryRoot, "tsconfig.build.json");
  const { status } = spawnSync(process.execPath, [compiler, "-p", config], { stdio: "inherit" });
  return status ?? 1;
}

runScript(main);
