import { spawn } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { acquireLock } from "../../local/lock.ts";
import { repositoryRoot } from "../../local/paths.ts";
import { temporaryState } from "../support/start-command.ts";

let state: Awaited<ReturnType<typeof temporaryState>>;
let file: string;
beforeEach(async () => {
  state = await temporaryState();
  file = join(state.directory, "stack.json");
});
afterEach(() => state.remove());

test("a held lock is refused with the address of its holder, and leaves nothing else behind", async () => {
  const release = await acquireLock(file, "http://127.0.0.1:1");
  await expect(acquireLock(file, "http://127.0.0.1:2")).rejects.toThrow("already running at http://127.0.0.1:1");
  expect(await readdir(state.directory)).toEqual(["stack.json"]);
  await release();
  expect(await readdir(state.directory)).toEqual([]);
});

test("a lock whose holder's id belongs to another process by now is taken over", async () => {
  const bystander = spawn("sleep", ["60"]);
  await writeFile(file, JSON.stringify({ pid: bystander.pid, identity: "who held it", url: "http://127.0.0.1:1" }));
  const release = await acquireLock(file, "http://127.0.0.1:2");
  await release();
  bystander.kill();
});

test("a lock that is somebody else's by now is not released", async () => {
  const release = await acquireLock(file, "http://127.0.0.1:1");
  const theirs = JSON.stringify({ pid: 1, identity: "another", url: "http://127.0.0.1:2" });
  await writeFile(file, theirs);
  await release();
  expect(await readFile(file, "utf8")).toBe(theirs);
});

test("of many processes that find a stale lock, one gets it", async () => {
  const program = `
    import { acquireLock } from "./local/lock.ts";
    process.stdin.once("data", async () => {
      await acquireLock(process.argv[1], "http://127.0.0.1:1").then(() => console.log("got it"), (e) => console.log(e.message));
      process.stdin.once("data", () => process.exit(0));
    });
    console.log("waiting");`;
  for (let round = 0; round < 5; round += 1) {
    await writeFile(file, JSON.stringify({ pid: 999_999, identity: "gone", url: "http://127.0.0.1:9" }));
    const starts = Array.from({ length: 6 }, () => {
      const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program, "--", file], {
        cwd: repositoryRoot,
      });
      const lines: string[] = [];
      const waiters: (() => void)[] = [];
      child.stdout.on("data", (chunk) => {
        lines.push(...String(chunk).trim().split("\n"));
        for (const wake of waiters.splice(0)) wake();
      });
      const said = async (count: number) => {
        while (lines.length < count) await new Promise<void>((resolve) => waiters.push(resolve));
        return lines[count - 1];
      };
      return { child, said };
    });
    await Promise.all(starts.map(({ said }) => said(1)));
    for (const { child } of starts) child.stdin.write("go\n");
    const answers = await Promise.all(starts.map(({ said }) => said(2)));
    for (const { child } of starts) child.stdin.write("end\n");
    expect(answers.filter((answer) => answer === "got it")).toHaveLength(1);
    expect(answers.filter((answer) => answer?.includes("already running"))).toHaveLength(5);
  }
}, 60_000);
