import { afterAll, beforeAll, expect, test } from "vitest";
import { documentedBlocks } from "../docs/support/markdown.ts";
import { type Checkout, copyRepository } from "./support/checkout.ts";
import { recipe } from "./support/recipe.ts";

/**
 * The recipes of CONTRIBUTING.md, one after the other in a copy of the repository, every line as it is written there.
 * Where a line goes ("at the same place", "among the events") is what this file says: beside `reject`, `health` and
 * others that are there today.
 */

let checkout: Checkout;

beforeAll(async () => {
  checkout = await copyRepository();
});
afterAll(() => checkout.remove());

test("each part of an event has its place", async () => {
  const [sql = "", ...otherSql] = await documentedBlocks("CONTRIBUTING.md", "Add an event", "sql");
  expect(otherSql).toEqual([]);
  const { migration, span, add } = await recipe("Add an event", checkout);
  await migration(sql);
  const event = { before: "reject: " };
  await add("types/contracts/routes.ts", `/** Gives a hand-off up. */\n${span('withdraw: "POST')}`, event);
  await add("types/contracts/operations.ts", span("withdraw: { request"), event);
  await add("functions/exec-handoffs/index.ts", span("withdraw: moveExecHandoff"), event);
  await add("local/openapi/examples.ts", span("withdraw: { body"), event);
  await add("tests/machines/support/machines.ts", span("withdraw: handoffEvent"), event);
}, 60_000);

test("each part of a table has its place", async () => {
  const [sql = "", ...otherSql] = await documentedBlocks("CONTRIBUTING.md", "Add a table", "sql");
  const [rows = "", insert = "", ...others] = await documentedBlocks("CONTRIBUTING.md", "Add a table", "ts");
  const [difference = "", ...more] = await documentedBlocks("CONTRIBUTING.md", "Add a table", "json");
  expect([...otherSql, ...others, ...more]).toEqual([]);
  const { migration, span, add, file } = await recipe("Add a table", checkout);
  await migration(sql);
  await add("docs/privileges.md", span("| `announcements` |"), { before: "| `strategic_directives_v2` |" });
  await add("tests/rls/matrix.ts", span("announcements: readByUsers"), { before: "strategic_vision: " });
  await add("tests/rls/support/rows.ts", rows, { before: "strategic_vision: " });
  const vision = 'await database.query("insert into public.strategic_vision';
  await add("tests/rls/support/cast.ts", insert, { before: vision });
  const list = "tests/conformance/deliberate-differences.json";
  const listed = JSON.parse(await checkout.read(list));
  await file(list, JSON.stringify([JSON.parse(difference), ...listed], null, 2));
}, 60_000);

test("each part of an edge function has its place", async () => {
  const [sql = "", ...otherSql] = await documentedBlocks("CONTRIBUTING.md", "Add an edge function", "sql");
  const code = await documentedBlocks("CONTRIBUTING.md", "Add an edge function", "ts");
  const [row = "", contracts = "", routes = "", operations = "", program = "", tests = "", ...others] = code;
  const [config = "", ...more] = await documentedBlocks("CONTRIBUTING.md", "Add an edge function", "toml");
  const [callOnce = ""] = await documentedBlocks("CONTRIBUTING.md", "Add an edge function", "sh");
  expect([...otherSql, ...others, ...more]).toEqual([]);
  const { migration, span, add, file } = await recipe("Add an edge function", checkout);
  const written = await migration(`${sql}\n`);
  await checkout.shell(callOnce);
  expect(await checkout.read(written)).toMatch(/create or replace function leo\.call_once\([\s\S]*'add_announcement'/);

  await add("types/contracts/rows.ts", row, "at the end");
  await file("types/contracts/announcements.ts", contracts);
  await add("types/contracts/index.ts", span("export *"), { before: 'export * from "./exec-handoffs.ts"' });
  await add("types/contracts/routes.ts", routes, { before: "health: " });
  await add("types/contracts/operations.ts", operations, { before: "health: " });
  await add("types/contracts/operations.ts", span("import *"), { before: "import * as handoffs " });
  await file("functions/announcements/index.ts", program);
  await add("supabase/config.toml", config, "at the end");
  await add("local/openapi/examples.ts", span("announcements: { add"), { before: "health: " });
  const bodies = "tests/security/credentials/support/requests.ts";
  await add(bodies, span("announcements: () =>"), { before: '"orchestration-metrics": ' });
  await file("tests/functions/announcements.test.ts", tests);
}, 60_000);

/** The same in two recipes: carried out once, after both. */
const isOpenapi = (block: string) => block.startsWith("npm run openapi");

test("with that the documents know the operations, and show what they answer", async () => {
  const [forEvent = ""] = (await documentedBlocks("CONTRIBUTING.md", "Add an event", "sh")).filter(isOpenapi);
  const [forFunction] = (await documentedBlocks("CONTRIBUTING.md", "Add an edge function", "sh")).filter(isOpenapi);
  expect(forFunction).toBe(forEvent);
  // All recipes have this after their migration; it writes the same whenever it is run.
  expect(await checkout.shell("npm run types")).toContain("docs/state-machines.md written");
  await checkout.shell(forEvent);
  const page = await checkout.read("docs/http-api.md");
  expect(page).toMatch(/"reason":\s*"the session goes on"/);
  expect(page).toMatch(/"body":\s*"Release tonight"[\s\S]*"created_by":/);
}, 240_000);

/** Of what CI checks, what is about files that a recipe has people write; the generated ones have just been written. */
const checks = "format sql typescript deno migrations";

test("and what CI checks is passed", async () => {
  expect(await checkout.shell(`npm run check -- ${checks}`)).toContain("ok     typescript");
}, 240_000);

/**
 * Of the tests that the recipes name, by file what is about the event, the table and the function: the whole folders
 * take minutes.
 */
const proofs: Record<string, string> = {
  "tests/machines/pairs.test.ts": "withdraw",
  "tests/rls/matrix.test.ts": "announcements",
  "tests/conformance/head.test.ts": "differ from the documents",
  "tests/functions/announcements.test.ts": "an announcement is kept",
  "tests/functions/operations.test.ts": "the table of operations",
};

test("and the tests that the recipes name are there, and those of what is new are passed", async () => {
  const blocks = [
    ...(await documentedBlocks("CONTRIBUTING.md", "Add an event", "sh")),
    ...(await documentedBlocks("CONTRIBUTING.md", "Add a table", "sh")),
    ...(await documentedBlocks("CONTRIBUTING.md", "Add an edge function", "sh")),
  ].filter((block) => block.startsWith("npm test"));
  expect(blocks).toHaveLength(3);
  for (const block of blocks) {
    const [, paths = "", check] = /^npm test -- ([^&|;]+)\n(.*)$/.exec(block.replaceAll("\\\n", " ")) ?? [];
    expect(check).toBe("npm run check");
    for (const path of paths.trim().split(/\s+/)) await checkout.shell(`ls -d ${path}*`);
  }
  const titles = Object.values(proofs).join("|");
  const files = Object.keys(proofs).join(" ");
  const printed = await checkout.shell(`npm test -- ${files} --reporter verbose -t '${titles}'`);
  for (const [file, title] of Object.entries(proofs)) expect(printed).toMatch(new RegExp(`✓ ${file} .*${title}`));
}, 240_000);
