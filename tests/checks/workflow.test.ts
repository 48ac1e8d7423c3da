import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { repositoryRoot } from "../../local/paths.ts";

const folder = join(repositoryRoot, ".github", "workflows");
let workflows: [file: string, text: string][];
let scripts: Record<string, string>;
let devDependencies: Record<string, string>;
let engines: Record<string, string>;

beforeAll(async () => {
  const files = await readdir(folder);
  workflows = await Promise.all(
    files.map(async (file): Promise<[string, string]> => [file, await readFile(join(folder, file), "utf8")]),
  );
  ({ scripts, devDependencies, engines } = JSON.parse(await readFile(join(repositoryRoot, "package.json"), "utf8")));
  expect(files).toContain("ci.yml");
});

/** Everything that a pattern's first group finds in all workflows. */
const found = (pattern: RegExp) => workflows.flatMap(([, text]) => [...text.matchAll(pattern)].map(([, what]) => what));

test("every action is pinned to a commit, with its version beside it", () => {
  const actions = found(/^ +(?:- )?uses: (.*)$/gm);
  expect(actions.length).toBeGreaterThan(0);
  for (const action of actions) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
});

test("a workflow may read the repository, and nothing else", () => {
  for (const [file, text] of workflows) {
    const permissions = [...text.matchAll(/^( *)permissions:(.*)\n((?:\1 +.*\n)*)/gm)].map(([block]) => block);
    expect(permissions, file).toEqual(["permissions:\n  contents: read\n"]);
    expect(text, file).not.toMatch(/pull_request_target|secrets\./);
  }
});

test("every job ends in time, and leaves no credentials in the checkout", () => {
  for (const [file, text] of workflows) {
    const jobs =
      text
        .split(/^jobs:$/m)[1]
        ?.split(/^ {2}(?=\w)/m)
        .slice(1) ?? [];
    expect(jobs.length, file).toBeGreaterThan(0);
    for (const job of jobs) {
      expect(job).toMatch(/^ {4}timeout-minutes: \d+$/m);
      expect(job).toMatch(/uses: actions\/checkout@\S+ # \S+\n {8}with:\n {10}persist-credentials: false\n/);
    }
  }
});

test("nothing that others may write becomes part of a script", () => {
  for (const [file, text] of workflows) {
    const lines = text.split("\n").filter((line) => /\$\{\{/.test(line));
    for (const line of lines) expect(line, file).toMatch(/^ +(name|group|node-version|LEO_POSTGRES_DRIVER): /);
  }
});

test("it is the plain kind of YAML: keys by two blanks, lists of them, blocks of text", () => {
  for (const [file, text] of workflows) {
    let depth = 0;
    let block = Number.POSITIVE_INFINITY;
    for (const [index, line] of text.split("\n").entries()) {
      const indent = line.search(/\S/);
      // A block of text goes on as long as it is indented.
      if (indent === -1 || indent > block || line.trimStart().startsWith("#")) continue;
      block = Number.POSITIVE_INFINITY;
      const where = `${file}:${index + 1} ${line}`;
      const parts = /^ *(- )?[\w-]+:(?: ([^\s:&*!|>'"%@`].*|"[\d.]+"|\|))?$/.exec(line);
      expect(parts, where).not.toBeNull();
      const [, item = "", value = ""] = parts ?? [];
      expect(value, where).not.toMatch(/: |\t/);
      expect(indent % 2, where).toBe(0);
      expect(indent, where).toBeLessThanOrEqual(depth);
      // What may follow: a key below this one, or beside it.
      depth = indent + item.length + (value === "" ? 2 : 0);
      if (value === "|") block = indent + item.length;
    }
  }
});

test("the oldest Node.js that the package says it runs on is one of those it is tested with", () => {
  const [, oldest] = /^>=(\d+\.\d+)$/.exec(engines.node ?? "") ?? [];
  // Quoted: 20.10 would be the number 20.1. And with the minor version: 20 would be the newest 20.x.
  expect(found(/^ +- node: "(.*)"$/gm)).toEqual([oldest]);
});

test("its scripts are there", async () => {
  const named = found(/npm run ([\w:-]+)/g);
  expect(named).toContain("test:remote");
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named));
  expect(found(/npm (?!run\b)(\w+)/g)).toEqual(["ci"]);
  // What npx would fetch from somewhere is none of the versions that are pinned here.
  expect(Object.keys(devDependencies)).toEqual(expect.arrayContaining(found(/npx ([\w-]+)/g)));
  expect((await stat(join(repositoryRoot, ".ci", "run"))).mode & 0o111).not.toBe(0);
  expect(await readFile(join(repositoryRoot, ".ci", "run"), "utf8")).toContain("npm test");
});

test("the variables that the workflow sets are those that test:remote reads, and docs/ci.md explains", async () => {
  const set = new Set(found(/\b(LEO_TEST_\w+)=/g));
  const document = await readFile(join(repositoryRoot, "docs", "ci.md"), "utf8");
  const explained = new Set([...document.matchAll(/^\| `(LEO_TEST_\w+)` \|/gm)].map(([, name]) => name));
  expect(set).toEqual(explained);
});
