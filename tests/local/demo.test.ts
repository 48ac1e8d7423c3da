import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { repositoryRoot } from "../../local/paths.ts";

const run = (...args: string[]) =>
  promisify(execFile)(process.execPath, ["--import", "tsx", join("local", "demo.ts"), ...args], {
    cwd: repositoryRoot,
    // As where nobody has asked to be spared colours.
    env: { ...process.env, NO_COLOR: undefined },
  });

test("the demo tells a directive from start to accepted hand-off, and names the agent that got slow", async () => {
  const { stdout, stderr } = await run();
  expect(stderr).toBe("");
  const told = [
    "starts: attempt 1",
    "refused (gates_incomplete)",
    "fails:",
    "takes over: attempt 2",
    "refused (stale_attempt)",
    "rejects:",
    "verifier accepts",
    "Finding: agent coder takes",
  ];
  const places = told.map((text) => stdout.indexOf(text));
  expect(places).not.toContain(-1);
  expect(places).toEqual([...places].sort((a, b) => a - b));
  // Times beside what was done.
  expect(stdout).toMatch(/^ {2,}\d+ ms {3}builder-1 starts/m);
  expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
  expect(stdout).not.toContain("\u001b");
}, 60_000);

test("an option that the demo does not have is refused, and --help says what it does", async () => {
  await expect(run("--fast")).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining("--help") });
  expect((await run("--help")).stdout).toContain("npm run demo");
});
