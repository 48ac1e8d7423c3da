import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readCommandLine, runScript } from "./command-line.ts";
import { repositoryRoot } from "./paths.ts";

/**
 * `npm run lock [-- --check]`: adds to package-lock.json the packages of other platforms that it lacks.
 *
 * `npm ci` refuses a lock file without them, and npm leaves them out where it could not look them up: a registry
 * that mirrors only some platforms. Tools with native programs (Biome, Deno, …) name one package per platform in
 * `optionalDependencies`, pinned to one version, so nothing has to be looked up.
 */

interface LockedPackage {
  version?: string;
  optional?: boolean;
  dev?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

export interface LockFile {
  packages: Record<string, LockedPackage>;
}

const systems: [pattern: RegExp, os: string][] = [
  [/win32|windows/, "win32"],
  [/darwin/, "darwin"],
  [/android/, "android"],
  [/linux/, "linux"],
];
const processors: [pattern: RegExp, cpu: string][] = [
  [/arm64|aarch64/, "arm64"],
  [/x64|x86_64/, "x64"],
];

/** The platform that a package is for, as its name says; undefined where the name says nothing. */
function platform(name: string): Pick<LockedPackage, "os" | "cpu" | "libc"> | undefined {
  const os = systems.find(([pattern]) => pattern.test(name))?.[1];
  const cpu = processors.find(([pattern]) => pattern.test(name))?.[1];
  if (os === undefined || cpu === undefined) return undefined;
  const libc = /musl/.test(name) ? "musl" : /gnu|glibc/.test(name) ? "glibc" : undefined;
  return { cpu: [cpu], os: [os], ...(libc && os === "linux" ? { libc: [libc] } : {}) };
}

/** Whether the lock file has that version where a package at `location` would look for `name`. */
function isLocked(lock: LockFile, location: string, name: string, version: string): boolean {
  for (let folder = location; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    const found = lock.packages[`${folder ? `${folder}/` : ""}node_modules/${name}`];
    if (found) return found.version === version;
    if (folder === "") return false;
  }
}

/** The entries that the lock file lacks, by their place in it. */
export function missingPlatforms(lock: LockFile): Record<string, LockedPackage> {
  const missing: Record<string, LockedPackage> = {};
  for (const [location, { optionalDependencies = {}, dev }] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      const place = platform(name);
      if (place === undefined || !/^\d/.test(version) || isLocked(lock, location, name, version)) continue;
      const top = `node_modules/${name}`;
      missing[lock.packages[top] ? `${location}/${top}` : top] = {
        version,
        ...place,
        ...(dev ? { dev } : {}),
        optional: true,
      };
    }
  }
  return missing;
}

const usage = `Completes package-lock.json with the packages of other platforms.

Usage: npm run lock [-- --check]

  --check   change nothing; exit code 1 when entries are missing
  --help    this text
`;

async function main(args: string[]): Promise<number> {
  const options = { check: { type: "boolean" } } as const;
  const { values } = readCommandLine("npm run lock", { args, options });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const file = join(repositoryRoot, "package-lock.json");
  const lock = JSON.parse(await readFile(file, "utf8")) as LockFile;
  const missing = missingPlatforms(lock);
  const names = Object.keys(missing);
  if (names.length === 0) {
    process.stdout.write("package-lock.json names the packages of every platform\n");
    return 0;
  }
  if (values.check) {
    process.stderr.write(`error: package-lock.json lacks ${names.join(", ")}; run: npm run lock\n`);
    return 1;
  }
  const entries = Object.entries({ ...lock.packages, ...missing });
  lock.packages = Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  await writeFile(file, `${JSON.stringify(lock, null, 2)}\n`);
  process.stdout.write(`package-lock.json: ${names.length} entries added\n`);
  return 0;
}

if (process.argv[1]?.endsWith("complete-lock.ts")) runScript(() => main(process.argv.slice(2)));
