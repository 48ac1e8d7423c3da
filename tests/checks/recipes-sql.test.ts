import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { repositoryRoot } from "../../local/paths.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { callEvent, caller } from "../transitions/call-event.ts";
import { historyOf, rows, statusOf } from "../transitions/machines.ts";

// The migrations that CONTRIBUTING.md has people write, one after the other, on a database of today.

let database: TestDatabase;
let checkout: string;
let text: string;

beforeAll(async () => {
  text = await readFile(join(repositoryRoot, "CONTRIBUTING.md"), "utf8");
  database = await createTestDatabase();
  checkout = await mkdtemp(join(tmpdir(), "leo-recipes-"));
  await cp(join(repositoryRoot, "supabase", "migrations"), join(checkout, "supabase", "migrations"), {
    recursive: true,
  });
});
afterAll(async () => {
  await database.drop();
  await rm(checkout, { recursive: true, force: true });
});

/** The blocks of one language in a recipe, as a reader copies them. */
function blocks(recipe: string, language: string): string[] {
  const section = text.split(`\n## ${recipe}\n`)[1]?.split("\n## ")[0] ?? "";
  const found = section.matchAll(new RegExp(`^ {3}\`\`\`${language}\\n([\\s\\S]*?)^ {3}\`\`\`$`, "gm"));
  return [...found].map(([, block = ""]) => block.replace(/^ {3}/gm, ""));
}

/** Carries out a migration as a whole, as the CLI does. */
const migrate = (sql: string) => database.query(`begin;\n${sql}\ncommit;`);

test("an event is one that history knows", async () => {
  const [sql = ""] = blocks("Add an event", "sql");
  await migrate(sql);
  const id = await rows.handoff.insert(database, "preparing");
  await callEvent(database, "move_handoff", { id, context: { event: "withdraw" } });
  expect(await statusOf(database, "handoff", id)).toBe("rejected");
  expect((await historyOf(database, id)).at(-1)).toMatchObject({ event: "withdraw", actor: caller.actor });
});

test("a table can be read by those who may, and an edge function's event is made once per key", async () => {
  const [table = ""] = blocks("Add a table", "sql");
  await migrate(table);

  const [sql = ""] = blocks("Add an edge function", "sql");
  const file = join(checkout, "supabase", "migrations", "20990101000000_add_announcement.sql");
  await writeFile(file, sql);
  const command = blocks("Add an edge function", "sh").find((block) => block.includes("call_once")) ?? "";
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

  const client = await database.connect();
  const asRole = async (role: string) => {
    await client.query("begin");
    await client.query(`set local role ${role}`);
    const read = client.query("select body, created_by from public.announcements");
    return read.then(({ rows: found }) => found).finally(() => client.query("rollback"));
  };
  expect(await asRole("authenticated")).toEqual([announcement]);
  await expect(asRole("anon")).rejects.toMatchObject({ code: "42501" });
});

test("every file that is linked is there", () => {
  const linked = [...text.matchAll(/\]\(([^)#:]+)\)/g)].map(([, path = ""]) => path);
  expect(linked.length).toBeGreaterThan(10);
  expect(linked.filter((path) => !existsSync(join(repositoryRoot, path)))).toEqual([]);
});
