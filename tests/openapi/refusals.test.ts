import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { repositoryRoot } from "../../local/paths.ts";
import { problemsOf } from "../../types/contracts/operation-problems.ts";
import { operations } from "../../types/contracts/operations.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
/** Sources of the functions of schema leo, by name. */
let sources: Map<string, string>;

beforeAll(async () => {
  database = await createTestDatabase();
  const rows = await database.query<{ name: string; source: string }>(
    "select proname as name, prosrc as source from pg_proc where pronamespace = 'leo'::regnamespace",
  );
  sources = new Map(rows.map(({ name, source }) => [name, source]));
});

afterAll(() => database.drop());

/** Codes that a function refuses with, by itself or by what it calls. */
function refusalsOf(name: string, seen = new Set<string>()): Set<string> {
  const codes = new Set<string>();
  const source = sources.get(name);
  if (source === undefined || seen.has(name)) return codes;
  seen.add(name);
  for (const [, code = ""] of source.matchAll(/leo\.(?:refusal|refuse_for_session)\(\s*'(\w+)'/g)) codes.add(code);
  for (const [, called = ""] of source.matchAll(/leo\.(\w+)\(/g)) {
    for (const code of refusalsOf(called, seen)) codes.add(code);
  }
  return codes;
}

/** What the edge refuses with too, whatever the database says. */
const ofTheEdge = ["invalid_request", "idempotency_mismatch"];

test.each([...new Set(operations.map((operation) => operation.function))])(
  "%s is documented with the refusals of the database's functions that it calls, and no others",
  async (folder) => {
    const source = await readFile(join(repositoryRoot, "functions", folder, "index.ts"), "utf8");
    const called = [...source.matchAll(/"(\w+)"/g)].flatMap(([, name = ""]) => (sources.has(name) ? [name] : []));
    const refusals = new Set(called.flatMap((name) => [...refusalsOf(name)]));

    const all = new Set([...sources.keys()].flatMap((name) => [...refusalsOf(name)]));
    const documented = operations.filter((operation) => operation.function === folder).flatMap(problemsOf);
    const ofTheDatabase = documented.filter((code) => all.has(code));
    const sorted = (codes: Iterable<string>) => [...new Set(codes)].filter((code) => !ofTheEdge.includes(code)).sort();
    expect(sorted(ofTheDatabase)).toEqual(sorted(refusals));
    if (folder.startsWith("exec-")) expect(refusals.size).toBeGreaterThan(3);
  },
);
