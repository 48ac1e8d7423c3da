import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { repositoryRoot } from "../../local/paths.ts";

const folder = join(repositoryRoot, "bench");

/** Installs what bench/package.json names, where it is not there yet or in another version. */
export async function installPackages(say: (text: string) => void): Promise<void> {
  const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  const isThere = async ([name, wanted]: [string, string]) => {
    const file = join(folder, "node_modules", name, "package.json");
    return existsSync(file) && JSON.parse(await readFile(file, "utf8")).version === wanted;
  };
  const there = await Promise.all(Object.entries(manifest.dependencies).map(isThere));
  if (there.every(Boolean)) return;
  say("installing the packages of bench/ (npm ci)");
  await promisify(execFile)("npm", ["ci", "--no-fund", "--no-audit", "--loglevel=error"], {
    cwd: folder,
    shell: process.platform === "win32",
  });
}

/** Version of a package, from its manifest; null where it is not installed. */
export function packageVersion(name: string): string | null {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? [];
  for (const folder of folders) {
    try {
      return (JSON.parse(readFileSync(`${folder}/${name}/package.json`, "utf8")) as { version: string }).version;
    } catch {
      // Looked for in the next folder.
    }
  }
  return null;
}

/**
 * A package of bench/package.json. Its name is no literal where it is imported, as the repository is compiled
 * without bench's packages.
 *
 * @template Module what the bench uses of it
 */
export async function importPackage<Module>(name: string): Promise<Module> {
  return (await import(name)) as Module;
}
