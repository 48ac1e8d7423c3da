import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { repositoryRoot } from "./paths.ts";
import { StackError } from "./stack-error.ts";

const execute = promisify(execFile);

/** Settings under which the CLI sends nothing about its use. */
export const quietEnvironment = { SUPABASE_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" };

const entry = createRequire(import.meta.url).resolve("supabase/package.json");
const program = entry.replace(/package\.json$/, "dist/supabase.js");

/** Whether a URL stays on this machine. Not by how it begins: `127.example` may be anybody's. */
export const isLoopback = (url: string) =>
  /^(127(\.\d{1,3}){3}|localhost|\[::1\])$/.test(new URL(url).hostname.toLowerCase());

/**
 * The CLI's argument for a database. Without TLS on loopback, where the local server offers none and the CLI
 * would print a warning into its output.
 */
export function remoteDatabase(url: string): { argument: string; env: Record<string, string> } {
  return { argument: `--remote=${url}`, env: isLoopback(url) ? { PGSSLMODE: "disable" } : {} };
}

/** What a run of the CLI printed. */
export interface CliOutput {
  stdout: string;
  stderr: string;
}

/**
 * Runs the real Supabase CLI of this repository.
 *
 * @throws StackError with what the CLI said last when it fails
 */
export async function supabaseCli(
  args: string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<CliOutput> {
  try {
    return (await execute(process.execPath, [program, ...args], {
      cwd: options.cwd ?? repositoryRoot,
      env: { ...process.env, ...quietEnvironment, ...options.env },
      maxBuffer: 64 * 1024 * 1024,
      // Not in the terminal's process group: Ctrl-C waits for a migration's end instead of breaking it.
      ...{ detached: process.platform !== "win32" },
    })) as CliOutput;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as Partial<CliOutput>;
    const said = `${stdout}\n${stderr}`.trim() || String(error);
    throw new StackError(`supabase ${args[0]} ${args[1] ?? ""} failed: ${said}`);
  }
}
