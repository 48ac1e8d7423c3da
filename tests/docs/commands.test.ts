import { execFile } from "node:child_process";
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { repositoryRoot } from "../../local/paths.ts";
import { supabaseCli } from "../../local/supabase-cli.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { twoAtATime } from "../support/two-at-a-time.ts";
import { documents } from "./support/documents.ts";
import { codeBlocks, codeSpans, document, documentedBlocks } from "./support/markdown.ts";

/** Commands and statements that documents name within a sentence, and those that take too long to be run as they are. */

const runFile = promisify(execFile);

const { scripts } = JSON.parse(await document("package.json")) as { scripts: Record<string, string> };

interface Named {
  path: string;
  command: string;
}

/** Lines of shell blocks, and code spans. */
async function named(pattern: RegExp): Promise<Named[]> {
  const found: Named[] = [];
  for (const path of await documents()) {
    const text = await document(path);
    const shell = codeBlocks(text).filter(({ language }) => language === "sh");
    const lines = shell.flatMap((block) => block.text.replaceAll("\\\n", " ").split("\n"));
    for (const line of [...lines, ...codeSpans(text)]) {
      for (const [command] of line.replace(/\s+#.*$/, "").matchAll(pattern)) found.push({ path, command });
    }
  }
  return found;
}

const optionsOf = (command: string) => [...command.matchAll(/(?<=\s)--[a-z][a-z-]*/g)].map(([option]) => option);

test("the npm scripts that documents name are there, and take the options that are named", async () => {
  const commands = await named(/\bnpm (?:run [\w:]+|start|test)(?: -- [^|&;]+)?/g);
  expect(commands.length).toBeGreaterThan(20);
  const wanted = new Map<string, Set<string>>();
  for (const { path, command } of commands) {
    const [, script = "", rest = ""] = /^npm (?:run )?([\w:]+)(?: --( .+))?$/.exec(command) ?? [];
    expect(scripts, `${path}: ${command}`).toHaveProperty([script]);
    const options = wanted.get(script) ?? new Set();
    for (const option of optionsOf(rest)) options.add(option);
    wanted.set(script, options);
  }
  const withOptions = [...wanted.keys()].filter((script) => wanted.get(script)?.size);
  const helps = await twoAtATime(withOptions, async (script) => {
    const [program = "", ...args] = scripts[script]?.split(" ") ?? [];
    return (await runFile(program, [...args, "--help"], { cwd: repositoryRoot })).stdout;
  });
  for (const [script, help] of helps) {
    for (const option of wanted.get(script) ?? []) expect(help, `npm run ${script} -- ${option}`).toContain(option);
  }
});

test("the CLI's commands that documents name take the options that are named", async () => {
  const commands = await named(/\bnpx supabase [^|&;]+/g);
  expect(commands.length).toBeGreaterThan(10);
  const pattern = /^npx supabase ((?:(?:db|config|functions|gen|migration|secrets) )?[a-z]+)/;
  const subcommandOf = (command: string) => pattern.exec(command)?.[1] ?? "";
  const subcommands = new Set(commands.map(({ command }) => subcommandOf(command)));
  const helps = await twoAtATime(subcommands, async (subcommand) => {
    const { stdout, stderr } = await supabaseCli([...subcommand.split(" "), "--help"]);
    return stdout + stderr;
  });
  for (const { path, command } of commands) {
    const subcommand = subcommandOf(command);
    const help = helps.get(subcommand);
    expect(help, `${path}: ${command}`).toMatch(new RegExp(`supabase ${subcommand}\\b`));
    for (const option of optionsOf(command)) expect(help, `${path}: ${command}`).toMatch(new RegExp(`${option}\\b`));
  }
}, 120_000);

test("test files that documents run are there, and know the variables that are set for them", async () => {
  const commands = await named(/(?:LEO_\w+=\S+ )*npx vitest run \S+/g);
  expect(commands.length).toBeGreaterThan(0);
  for (const { command } of commands) {
    const file = join(repositoryRoot, command.split(" ").at(-1) as string);
    await access(file);
    const text = await readFile(file, "utf8");
    for (const [, name] of command.matchAll(/(LEO_\w+)=/g)) expect(text).toContain(name);
  }
});

describe("what takes minutes", () => {
  test("is named as it is run: the set-up of contributors, of which this is a part", async () => {
    const [commands = "", ...none] = await documentedBlocks("CONTRIBUTING.md", "Set-up", "sh");
    expect(none).toEqual([]);
    const lines = commands.split("\n").map((line) => line.replace(/\s+#.*$/, ""));
    expect(lines).toEqual(["npm ci", "npm start", "npm test", "npm run check", ".ci/run"]);
    const ci = await document(".ci/run");
    for (const line of ["npm ci", "npm test", "npm run check"]) expect(ci).toContain(line);
  });

  test("and the soak, which npm test runs for seconds", async () => {
    expect(await documentedBlocks("README.md", "Contribute", "sh")).toEqual(["npm run test:soak -- --minutes 10"]);
  });

  test("and the upgrade at 100 000 rows, which npm test runs with 2000", async () => {
    const [command, ...none] = await documentedBlocks("docs/migrations.md", "Which locks, and how long", "sh");
    expect(none).toEqual([]);
    expect(command).toMatch(/^LEO_UPGRADE_ROWS=100000 npx vitest run \S+$/);
  });

  test("and the benchmarks, of which the list is printed here, and one is run in tests/bench", async () => {
    const [commands = "", ...none] = await documentedBlocks("bench/README.md", "Benchmarks", "sh");
    expect(none).toEqual([]);
    const lines = commands.split("\n").map((line) => line.replace(/\s+#.*$/, ""));
    const list = lines.find((line) => line.endsWith("--list")) ?? "";
    const { stdout } = await runFile("bash", ["-c", list], { cwd: repositoryRoot });
    const names = lines.flatMap((line) => /-- (\w\S+)$/.exec(line)?.[1] ?? []);
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect(stdout).toContain(name);
  });
});

describe("statements within sentences", () => {
  let database: TestDatabase;
  let client: pg.Client;

  beforeAll(async () => {
    database = await createTestDatabase();
    await database.query(await document("supabase/seed.sql"));
    client = new pg.Client({ connectionString: database.adminUrl });
    await client.connect();
    await client.query("create table public.my_table (id integer primary key)");
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  test("run, and change what they are to change", async () => {
    const statements = await named(
      /^(?:select \S.*(?: from |\().*|update .*|insert into .*|revoke .*|grant .*|delete .*)$/g,
    );
    expect(statements.length).toBeGreaterThan(5);
    for (const { path, command } of statements) {
      // There is no pg_cron here; tests/deploy runs what needs it.
      if (/^select (leo\.schedule_sweep|cron\.)/.test(command)) continue;
      const text = command.replaceAll("'…'", "'ben@northwind.example'");
      await client.query("begin");
      const result = await client.query(text).catch((error: Error) => error.message);
      await client.query("rollback");
      expect(result, `${path}: ${command}`).toMatchObject({ command: /^\w+/.exec(command)?.[0].toUpperCase() });
      if (/^(update|insert)/.test(command)) expect(result, `${path}: ${command}`).toMatchObject({ rowCount: 1 });
    }
  });
});
