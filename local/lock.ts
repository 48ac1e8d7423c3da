import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { StackError } from "./stack-error.ts";

interface Holder {
  pid: number;
  url: string;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * Makes sure that one stack at a time uses a data folder. A lock whose holder was killed is taken over.
 *
 * @returns what releases the lock
 * @throws StackError when another stack is running, with its address
 */
export async function acquireLock(file: string, url: string): Promise<() => Promise<void>> {
  await mkdir(dirname(file), { recursive: true });
  const mine: Holder = { pid: process.pid, url };
  for (;;) {
    try {
      await writeFile(file, JSON.stringify(mine), { flag: "wx" });
      return () => rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = await readFile(file, "utf8").then(
      (text) => JSON.parse(text) as Holder,
      () => null,
    );
    if (holder && isRunning(holder.pid)) {
      throw new StackError(
        `a stack is already running at ${holder.url}; use that one, or stop it with: kill ${holder.pid}`,
      );
    }
    await rm(file, { force: true });
  }
}
