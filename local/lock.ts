import { link, mkdir, readFile, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { processIdentity } from "./processes.ts";
import { StackError } from "./stack-error.ts";

interface Holder {
  pid: number;
  /** See processIdentity: a process id alone is used again sooner or later. */
  identity: string;
  url: string;
}

/** @returns "absent" when nobody has the lock, "unreadable" when what is there is no lock of ours */
async function readHolder(file: string): Promise<Holder | "absent" | "unreadable"> {
  try {
    return (JSON.parse(await readFile(file, "utf8")) as Holder | null) ?? "unreadable";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? "absent" : "unreadable";
  }
}

/**
 * Removes a lock whose holder is gone. Looking and removing must not be interleaved with another start's, or
 * one would remove the other's fresh lock; a folder, which only one can make, keeps them apart.
 */
async function removeStale(file: string): Promise<void> {
  const turn = `${file}.turn`;
  try {
    await mkdir(turn);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    // Somebody else's turn, over in a moment; one that was killed in it does not keep the others out.
    const { mtimeMs } = await stat(turn).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > 5000) await rmdir(turn).catch(() => {});
    await delay(20);
    return;
  }
  try {
    const holder = await readHolder(file);
    // An absent lock is not removed: somebody may make theirs before the removal.
    if (holder !== "absent" && !(await isHeld(holder))) await rm(file, { force: true });
  } finally {
    await rmdir(turn);
  }
}

async function isHeld(holder: Awaited<ReturnType<typeof readHolder>>): Promise<boolean> {
  return typeof holder === "object" && (await processIdentity(holder.pid)) === holder.identity;
}

/** @returns the address of the stack that has the lock, or null when none is running */
export async function runningStackUrl(file: string): Promise<string | null> {
  const holder = await readHolder(file);
  return typeof holder === "object" && (await isHeld(holder)) ? holder.url : null;
}

/**
 * Makes sure that one stack at a time uses a data folder. A lock whose holder was killed is taken over.
 *
 * @returns what releases the lock
 * @throws StackError when another stack is running, with its address
 */
export async function acquireLock(file: string, url: string): Promise<() => Promise<void>> {
  await mkdir(dirname(file), { recursive: true });
  const mine: Holder = { pid: process.pid, identity: (await processIdentity(process.pid)) ?? "unknown", url };
  // Written beside it and linked: whoever sees the lock sees all of it.
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, JSON.stringify(mine));
  try {
    for (;;) {
      try {
        await link(draft, file);
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
      const holder = await readHolder(file);
      if (typeof holder === "object" && (await isHeld(holder))) {
        throw new StackError(
          `a stack is already running at ${holder.url}; use that one, or stop it with: kill ${holder.pid}`,
        );
      }
      await removeStale(file);
    }
  } finally {
    await rm(draft, { force: true });
  }
  return async () => {
    const holder = await readHolder(file);
    if (typeof holder === "object" && holder.pid === mine.pid && holder.identity === mine.identity) {
      await rm(file, { force: true });
    }
  };
}
