import { execFile } from "node:child_process";
import { cp, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { repositoryRoot } from "../../local/paths.ts";
import { twoAtATime } from "../support/two-at-a-time.ts";

const { scripts, "scripts-info": about } = JSON.parse(
  await readFile(join(repositoryRoot, "package.json"), "utf8"),
) as Record<"scripts" | "scripts-info", Record<string, string>>;

/** A checkout that no other test is at work in. */
let checkout: string;
/** Its files as they were before anything was run in it. */
let before: string[];
/** What scripts said, by their names and what they were asked, e.g. `build --help`. */
let said: Map<string, Said>;

interface Said {
  code: number;
  stdout: string;
  stderr: string;
}

const notCopied = new Set([".git", ".local", "dist", "node_modules"]);
/** Two that read their command lines by themselves, and one of those that leave it to local/command-line.ts. */
const shortHelp = ["test", "test:remote", "lock"];

beforeAll(async () => {
  checkout = await mkdtemp(join(tmpdir(), "leo-scripts-"));
  // bench/ may have packages of its own.
  const filter = (path: string) => !path.endsWith("node_modules");
  for (const entry of await readdir(repositoryRoot)) {
    if (notCopied.has(entry)) continue;
    await cp(join(repositoryRoot, entry), join(checkout, entry), { recursive: true, filter });
  }
  await symlink(join(repositoryRoot, "node_modules"), join(checkout, "node_modules"));
  // What a build would begin by removing.
  await mkdir(join(checkout, "dist"));
  await writeFile(join(checkout, "dist", "kept.js"), "");
  before = await files();
  const asked = Object.keys(scripts).flatMap((name) => [
    `${name} --help`,
    `${name} --no-such-option`,
    ...(shortHelp.includes(name) ? [`${name} -h`] : []),
  ]);
  said = await twoAtATime(asked, (line) => script(...(line.split(" ") as [name: string, question: string])));
}, 120_000);
afterAll(() => rm(checkout, { recursive: true, force: true }));

/** Every file of the checkout with its size and when it was changed. */
async function files(folder = checkout): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = entries.map(async (entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return files(path);
    const { size, mtimeMs } = await lstat(path);
    return `${path} ${size} ${mtimeMs}`;
  });
  return (await Promise.all(found)).flat().sort();
}

function run(program: string, args: string[]): Promise<Said> {
  const { DATABASE_URL: _ours, LEO_STATE_DIRECTORY: _elsewhere, ...environment } = process.env;
  // As on a terminal of a person who has not asked to be spared colours.
  delete environment.NO_COLOR;
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd: checkout, env: environment }, (error, stdout, stderr) => {
      if (error && typeof error.code !== "number") reject(error);
      else resolve({ code: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

const npm = (...args: string[]) => run("npm", ["run", "--silent", ...args]);

/** What npm runs, without the npm that takes a third of the time. */
function script(name: string, ...args: string[]): Promise<Said> {
  const [program, ...given] = scripts[name]?.split(" ") ?? [];
  expect(program).toBe("node");
  return run(process.execPath, [...given, ...args]);
}

const tooWide = (text: string) => text.split("\n").filter((line) => line.length > 80);

describe("every script has --help, which says how to use it in 80 columns", () => {
  test.each(Object.keys(scripts))("%s", (name) => {
    const { code, stdout, stderr } = said.get(`${name} --help`) as Said;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^Usage: npm (?:run )?\w/m);
    expect(tooWide(stdout)).toEqual([]);
    // Nothing that a terminal would obey.
    expect(stdout).not.toMatch(/[^\P{Cc}\n]/u);
  });
});

describe("and -h, which says the same", () => {
  test.each(shortHelp)("%s", (name) => {
    expect(said.get(`${name} -h`)).toEqual(said.get(`${name} --help`));
  });
});

describe("an option that a script does not have is refused in a line", () => {
  test.each(Object.keys(scripts))("%s", (name) => {
    const { code, stdout, stderr } = said.get(`${name} --no-such-option`) as Said;
    expect(code).toBeGreaterThan(0);
    expect(stdout).toBe("");
    // Vitest knows options in its own spelling.
    expect(stderr).toMatch(/^error: .*(?:no-such-option|suchOption).*\n/);
    expect(stderr).toMatch(/see npm (?:run )?\S+ -- --help|Usage: npm run/);
    expect(stderr).not.toMatch(/^ +at /m);
  });
});

test("and with all of that nothing is done", async () => {
  expect(await files()).toEqual(before);
});

test("npm run help lists every script with what it is for, in 80 columns", async () => {
  const { stdout } = await npm("help");
  expect(tooWide(stdout)).toEqual([]);
  const listed = [...stdout.matchAll(/^ {2}(\S+) {2,}(\S.*)$/gm)].map(([, name]) => name);
  expect(listed).toEqual(Object.keys(scripts));
  expect(Object.keys(about)).toEqual(Object.keys(scripts));
  for (const text of Object.values(about)) expect(text.length).toBeGreaterThan(10);
});

test("npm run check tells what it has checked in 80 columns", async () => {
  const { code, stdout } = await script("check", "facts", "lock");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ok {5}facts .*\n(?: +.*\n)*ok {5}lock /);
  // The documents are not beside this copy.
  expect(stdout.replace(/\s+/g, " ")).toContain("facts.json was not checked: the documents are not in");
  expect(tooWide(stdout)).toEqual([]);
});
