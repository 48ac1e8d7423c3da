import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { repositoryRoot, stateDirectory } from "../../../local/paths.ts";
import { generateSecrets } from "../../../local/secrets.ts";

/** Real keys by their full form; examples in texts are shorter, or named below. */
const keys: Record<string, RegExp> = {
  "an API key": /sb_(?:secret|publishable)_(?!x{32})[\w-]{32}/g,
  "a JSON web token": /eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{40,}/g,
  "a private key": /-----BEGIN [A-Z ]*PRIVATE KEY-----(?:\\n|\s)+[\w+/]{40}|"d"\s*:\s*"[\w-]{43}"/g,
  "an access token": /\b(?:sbp_[0-9a-f]{40}|gh[oprsu]_\w{36}|github_pat_\w{60}|sk-[\w-]{40}|AKIA[0-9A-Z]{16})/g,
  "the login of a database":
    /postgres(?:ql)?:\/\/[^\s:/@]+:(?!hunter2@)[^\s@*]+@(?!127\.0\.0\.1|localhost)[\w-]+\.[\w.-]+/g,
};

/** Texts of that form that open nothing. */
const examples = [
  // Cases of tests/support/secrets.ts: what masks have to find.
  "sbp_0123456789abcdef0123456789abcdef01234567",
  "ghp_0123456789abcdefghijABCDEFGHIJ012345",
  // Amazon's own, from its manual.
  "AKIAIOSFODNN7EXAMPLE",
];

const ignored = (await readFile(join(repositoryRoot, ".gitignore"), "utf8")).split("\n").filter(Boolean);

/** As git would, for lines as simple as ours are. */
function isIgnored(path: string, isFolder: boolean): boolean {
  return ignored.some((line) => {
    const name = line.replace(/\/$/, "");
    if (line.endsWith("/") && !isFolder) return false;
    const pattern = name.replace(/[.+]/g, "\\$&").replaceAll("*", "[^/]*");
    return new RegExp(name.includes("/") ? `^${pattern}$` : `(^|/)${pattern}$`).test(path);
  });
}

/** Everything that is, or could be, in the repository; found without git, which need not be there. */
async function* files(folder: string): AsyncGenerator<string> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const name = relative(repositoryRoot, path).replaceAll("\\", "/");
    if (entry.name === ".git" || isIgnored(name, entry.isDirectory())) continue;
    if (entry.isDirectory()) yield* files(path);
    else if (entry.isFile()) yield path;
  }
}

function keysIn(text: string): string[] {
  const found = Object.entries(keys).flatMap(([what, form]) =>
    Array.from(text.matchAll(form), ([key]) => ({ what, key })),
  );
  return found.filter(({ key }) => !examples.includes(key)).map(({ what, key }) => `${what}: ${key.slice(0, 12)}…`);
}

test("no file of the repository holds a key", async () => {
  const found: string[] = [];
  let count = 0;
  for await (const path of files(repositoryRoot)) {
    count += 1;
    for (const key of keysIn(await readFile(path, "utf8"))) found.push(`${relative(repositoryRoot, path)}: ${key}`);
  }
  expect(found).toEqual([]);
  expect(count).toBeGreaterThan(100);
});

test("a key that was copied into a file would be found", () => {
  const { publishableKey, secretKeys, signingKey } = generateSecrets();
  const pem = `-----BEGIN PRIVATE KEY-----\n${"MIGHAgEA".repeat(8)}`;
  const jwt = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.${"c2lnbmF0dXJl".repeat(4)}`;
  const login = `postgresql://postgres.ref:hunter3@${"aws-0-eu-central-1.pooler.supabase.com"}:6543/postgres`;
  const token = `sbp_${"0a".repeat(20)}`;
  const texts = [publishableKey, ...Object.values(secretKeys), JSON.stringify(signingKey), pem, jwt, login, token];
  for (const text of texts) expect(keysIn(`KEY=${text}\n`)).toHaveLength(1);
});

test("the files that hold keys are ignored", () => {
  for (const name of [".env", ".env.local", "functions/.env", "supabase/.env.production", "npm-debug.log"]) {
    expect([name, isIgnored(name, false)]).toEqual([name, true]);
  }
  for (const name of [".local", "supabase/.temp", "supabase/.branches"]) {
    expect([name, isIgnored(name, true)]).toEqual([name, true]);
  }
  for (const name of ["local", "functions/environment.ts", "supabase/seed.sql"]) {
    expect([name, isIgnored(name, false)]).toEqual([name, false]);
  }
  // Where the stack keeps its own, unless told otherwise.
  if (!process.env.LEO_STATE_DIRECTORY) expect(relative(repositoryRoot, stateDirectory)).toBe(".local");
});
