import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repositoryRoot } from "../../local/paths.ts";
import { supabaseCli } from "../../local/supabase-cli.ts";

/** Commands that the CLI sends to the local database unless they say otherwise. */
const localByDefault = ["db push", "db dump", "migration repair", "migration up"];

const documents = [
  "README.md",
  ...(await readdir(join(repositoryRoot, "docs"))).filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`),
];

test.each(localByDefault)("supabase %s is for a local database unless it is told otherwise", async (command) => {
  const { stdout, stderr } = await supabaseCli([...command.split(" "), "--help"]);
  expect(stdout + stderr).toContain("Local by default. Pass --remote");
});

test("what the documents tell to run on a hosted project says so", async () => {
  const commands: string[] = [];
  for (const document of documents) {
    const text = await readFile(join(repositoryRoot, document), "utf8");
    commands.push(...(text.match(/npx supabase (db|migration) [^\n`|#]*/g) ?? []));
  }
  expect(commands.length).toBeGreaterThan(8);
  expect(commands.filter((command) => !command.includes("--remote"))).toEqual([]);
});
