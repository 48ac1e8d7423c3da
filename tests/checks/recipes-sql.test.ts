import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { repositoryRoot } from "../../local/paths.ts";
import { documentedBlocks } from "../docs/support/markdown.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { caller } from "../transitions/call-event.ts";

// What the tests of the recipe for an edge function do not ask: an Idempotency-Key. The rest is in recipes.test.ts.

let database: TestDatabase;
let checkout: string;

beforeAll(async () => {
  database = await createTestDatabase();
  checkout = await mkdtemp(join(tmpdir(), "leo-recipes-"));
  const migrations = join("supabase", "migrations");
  await cp(join(repositoryRoot, migrations), join(checkout, migrations), { recursive: true });
});
afterAll(async () => {
  await database.drop();
  await rm(checkout, { recursive: true, force: true });
});

/** Carries out a migration as a whole, as the CLI does. */
const migrate = (sql: string) => database.query(`begin;\n${sql}\ncommit;`);

test("an edge function's event is made once per key", async () => {
  const [table = ""] = await documentedBlocks("CONTRIBUTING.md", "Add a table", "sql");
  await migrate(table);
  const [sql = ""] = await documentedBlocks("CONTRIBUTING.md", "Add an edge function", "sql");
  const file = join(checkout, "supabase", "migrations", "20990101000000_add_announcement.sql");
  await writeFile(file, sql);
  const [command = ""] = await documentedBlocks("CONTRIBUTING.md", "Add an edge function", "sh");
  await promisify(execFile)("bash", ["-euc", command], { cwd: checkout });
  await migrate(await readFile(file, "utf8"));

  const call = () =>
    database.query<{ answer: unknown }>("select leo.call_once($1, 'add_announcement', null, $2, $3) as answer", [
      { caller: caller.actor, key: "a", route: "POST /announcements", digest: "d" },
      { body: "Release tonight" },
      caller,
    ]);
  const announcement = { body: "Release tonight", created_by: caller.actor };
  const answer = { announcement: expect.objectContaining(announcement) };
  expect(await call()).toEqual([{ answer: { answer, replayed: false } }]);
  expect(await call()).toEqual([{ answer: { answer, replayed: true } }]);
  expect(await database.query("select body, created_by from public.announcements")).toEqual([announcement]);
});
