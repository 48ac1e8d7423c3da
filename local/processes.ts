import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Whether a process of this id exists. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * What tells a process from another one that has got the same id since: when it began, and its command line.
 *
 * @returns null when there is no such process; "unknown" where the system has no `ps` to ask
 */
export async function processIdentity(pid: number): Promise<string | null> {
  if (!isRunning(pid)) return null;
  try {
    const { stdout } = await run("ps", ["-ww", "-o", "lstart=,args=", "-p", String(pid)], {
      env: { ...process.env, LC_ALL: "C" },
    });
    return stdout.trim() || null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? "unknown" : null;
  }
}

/**
 * Ends this process in the ordinary way on Ctrl-C and the like, so that `exit` handlers run: by default Node
 * dies of a signal without them, and what they would have stopped stays.
 *
 * @returns what takes the handlers away again
 */
export function exitOnSignals(): () => void {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const leave = () => process.exit(130);
  for (const signal of signals) process.once(signal, leave);
  return () => {
    for (const signal of signals) process.off(signal, leave);
  };
}
