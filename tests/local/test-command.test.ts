import { spawn } from "node:child_process";
import { chmod, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { repositoryRoot } from "../../local/paths.ts";
import { isRunning } from "../../local/processes.ts";

/** `npm test` says that it leaves nothing behind. */

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "leo-leftovers-"));
  // PostgreSQL may run as another user.
  await chmod(folder, 0o711);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What is ours of the folder for temporary files; tsx keeps compiled files there. */
const leftovers = async () => (await readdir(folder)).filter((name) => name.startsWith("leo-"));

test("a run that a signal ends leaves no data folder and no server behind", async () => {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(VITEST|TEST|NODE_ENV|CI$)/.test(name));
  const child = spawn(process.execPath, ["--import", "tsx", "local/test.ts", "tests/checks/sql-case"], {
    cwd: repositoryRoot,
    env: { ...Object.fromEntries(inherited), TMPDIR: folder },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = new Promise((resolve) => child.once("close", resolve));
  await new Promise<void>((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      if (text.includes("Functions under test run on")) resolve();
    });
  });
  const [data = "", ...others] = await leftovers();
  expect(data).toMatch(/^leo-test-/);
  expect(others).toEqual([]);
  const server = Number.parseInt(await readFile(join(folder, data, "postmaster.pid"), "utf8"), 10);
  expect(isRunning(server)).toBe(true);
  child.kill("SIGTERM");
  expect(await closed).toBe(143);
  expect(await leftovers()).toEqual([]);
  await expect.poll(() => isRunning(server), { timeout: 10_000 }).toBe(false);
}, 120_000);
