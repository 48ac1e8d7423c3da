import { execFile } from "node:child_process";
import { cp, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { repositoryRoot } from "../../local/paths.ts";

const { scripts, "scripts-info": about } = JSON.parse(
  await readFile(join(repositoryRoot, "package.json"), "utf8"),
) as Record<"scripts" | "scripts-info", Record<string, string>>;

/** A checkout that no other test is at work in. */
let checkout: string;

beforeAll(async () => {
  checkout = await mkdtemp(join(tmpdir(), "leo-scripts-"));
  for (const entry of await readdir(repositoryRoot)) {
    const [from, to] = [join(repositoryRoot, entry), join(checkout, entry)];
    if (entry === "node_modules") await symlink(from, to);
    else if (entry !== ".git" && entry !== ".local") {
      // bench/ may have packages of its own.
      await cp(from, to, { recursive: true, filter: (path) => !path.endsWith("node_modules") });
    }
  }
  // What a build would begin by removing.
  await mkdir(join(checkout, "dist"), { recursive: true });
  await writeFile(join(checkout, "dist", "kept.js"), "");
});
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
  return (await Promise.all(found)).flat();
}

async function npm(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const { DATABASE_URL: _ours, LEO_STATE_DIRECTORY: _elsewhere, ...environment } = process.env;
  // As on a terminal of a person who has not asked to be spared colours.
  delete environment.NO_COLOR;
  return promisify(execFile)("npm", ["run", "--silent", ...args], { cwd: checkout, env: environment });
}

const tooWide = (text: string) => text.split("\n").filter((line) => line.length > 80);

describe("every script has --help, which says how to use it in 80 columns and does nothing", () => {
  test.each(Object.keys(scripts))("%s", async (name) => {
    const before = await files();
    const { stdout, stderr } = await npm(name, "--", "--help");
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^Usage: npm (?:run )?\w/m);
    expect(tooWide(stdout)).toEqual([]);
    // Nothing that a terminal would obey.
    expect(stdout).not.toMatch(/[^\P{Cc}\n]/u);
    expect(await files()).toEqual(before);
  });
});

describe("an option that a script does not have is refused in a line, and nothing is done", () => {
  test.each(Object.keys(scripts))("%s", async (name) => {
    const before = await files();
    const failed: unknown = await npm(name, "--", "--no-such-option").catch((error: unknown) => error);
    const { code, stdout, stderr } = failed as { code?: number; stdout: string; stderr: string };
    expect(code).toBeGreaterThan(0);
    expect(stdout).toBe("");
    // Vitest knows options in its own spelling.
    expect(stderr).toMatch(/^error: .*(?:no-such-option|suchOption).*\n/);
    expect(stderr).toMatch(/see npm (?:run )?\S+ -- --help|Usage: npm run/);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(await files()).toEqual(before);
  });
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
  const { stdout } = await npm("check", "--", "facts", "lock");
  expect(stdout).toMatch(/^ok {5}facts .*\n(?: +.*\n)*ok {5}lock /);
  // The documents are not beside this copy.
  expect(stdout.replace(/\s+/g, " ")).toContain("facts.json was not checked: the documents are not in");
  expect(tooWide(stdout)).toEqual([]);
});
