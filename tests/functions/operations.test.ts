import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, inject, test } from "vitest";
import { denoArguments, denoProgram } from "../../local/edge-functions.ts";
import { repositoryRoot } from "../../local/paths.ts";

test("the table of operations is what the functions answer, with their callers, events, contracts and time", async () => {
  const folders = await readdir(join(repositoryRoot, "functions"), { withFileTypes: true });
  const names = folders.flatMap((entry) => (entry.isDirectory() && !entry.name.startsWith("_") ? entry.name : []));
  const { importMap } = inject("driver");
  const map = importMap ? ["--cached-only", `--import-map=${importMap}`] : [];
  const permissions = ["--allow-env", "--allow-sys", `--allow-read=${repositoryRoot}`];
  const script = join(repositoryRoot, "tests", "functions", "compare-operations.deno.ts");
  const args = ["run", "--no-prompt", ...denoArguments, ...map, ...permissions, script, ...names];
  const { stdout } = await promisify(execFile)(denoProgram(), args, { cwd: repositoryRoot });
  const { declared, listed, otherCallers, otherEvents, otherContracts, givenUp } = JSON.parse(stdout);
  expect(declared.length).toBeGreaterThan(30);
  expect(listed).toEqual(declared);
  expect(otherCallers).toEqual([]);
  expect(otherEvents).toEqual([]);
  expect(givenUp).toEqual([]);
  // Documented with its rows; the function takes them one by one.
  expect(otherContracts).toEqual(["orchestration-metrics POST /"]);
});
