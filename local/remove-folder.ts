import { existsSync, rmSync } from "node:fs";

/** For how long the server of a data folder may be ending, and making files. */
const PATIENCE_MS = 5_000;

/**
 * Removes a data folder whose server was told to end just now, for handlers of `exit`, which can wait for nothing: a
 * file that is made while its folder is being emptied makes a removal fail, so it is tried until the folder is gone.
 */
export function removeFolderNow(folder: string): void {
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (existsSync(folder) && performance.now() < giveUpAt) {
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    }
  }
}
