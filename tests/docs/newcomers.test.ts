import { execFile } from "node:child_process";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { repositoryRoot } from "../../local/paths.ts";
import { documentedBlocks } from "./support/markdown.ts";
import { beginWalk, type Walk } from "./support/walk.ts";

/**
 * What a newcomer does with the README: `npm start` in one terminal, and in another one every block of the three
 * readers' sections, in order. Nothing is replaced but the port.
 */

const runFile = promisify(execFile);

let walk: Walk;

beforeAll(async () => {
  walk = await beginWalk();
  await walk.started.ready;
});
afterAll(() => walk.end());

async function sql<Row extends object>(text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: (await walk.shell('printf %s "$DB_URL"')).trim() });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

test("after npm start a second terminal gets keys and addresses, which nobody else may read", async () => {
  const [start, environment, ...others] = await documentedBlocks("README.md", "Start", "sh");
  // The test has started what the first of them starts; the last of them is the run that this test is part of.
  expect(start).toBe("npm ci && npm start");
  expect(others).toEqual(["npm ci && npm test"]);

  await walk.shell(environment ?? "");
  const names = "SUPABASE_URL PUBLISHABLE_KEY SECRET_KEY AGENT_KEY DEMO_PASSWORD DB_URL";
  for (const name of names.split(" ")) expect(await walk.shell(`printf %s "$${name}"`), name).toMatch(/.{8}/);
  expect((await walk.shell("ls -l .local/env")).slice(0, 10)).toBe("-rw-------");
});

describe("whoever builds a dashboard", () => {
  test("sees open sessions and the days of their own company", async () => {
    const [program = "", further = ""] = await documentedBlocks("README.md", "Build a dashboard", "ts");
    const [command = "", ...none] = await documentedBlocks("README.md", "Build a dashboard", "sh");
    expect(none).toEqual([]);
    await writeFile(join(walk.folder, "dashboard.ts"), `${program}\n\n${further}\nconsole.log(gates?.length);\n`);
    const printed = await walk.shell(command);
    expect(printed).toContain("'SD-2026-004'");
    expect(printed).toContain("'paused'");
    expect(printed.match(/│ '\d{4}-\d\d-\d\d' │/g)).toHaveLength(3);
    expect(Number(printed.trim().split("\n").at(-1))).toBeGreaterThan(5);
  });

  test("sees no days of a company that they have no active access to", async () => {
    const [program = ""] = await documentedBlocks("README.md", "Build a dashboard", "ts");
    const [command = ""] = await documentedBlocks("README.md", "Build a dashboard", "sh");
    expect(program).toContain("ben@northwind.example");
    const chloe = program.replace("ben@northwind.example", "chloe@harbor.example");
    await writeFile(join(walk.folder, "dashboard.ts"), chloe);
    const printed = await walk.shell(command);
    expect(printed).toContain("'SD-2026-004'");
    expect(printed).not.toMatch(/│ '\d{4}-\d\d-\d\d' │/);
  });

  test("gets no complaint of the compiler, about live updates neither", async () => {
    const blocks = await documentedBlocks("README.md", "Build a dashboard", "ts");
    await writeFile(join(walk.folder, "dashboard.ts"), blocks.join("\n"));
    const compilerOptions = {
      ...{ target: "es2022", module: "node16", lib: ["es2023"], types: ["node"], strict: true, skipLibCheck: true },
      ...{ allowImportingTsExtensions: true, noEmit: true },
    };
    await writeFile(join(walk.folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["dashboard.ts"] }));
    // The real package.json says that files are modules; beside the link the compiler does not find it.
    await mkdir(join(walk.folder, "checked"));
    for (const name of ["dashboard.ts", "tsconfig.json"]) {
      await rename(join(walk.folder, name), join(walk.folder, "checked", name));
    }
    await writeFile(join(walk.folder, "checked", "package.json"), '{ "type": "module" }');
    await runFile("ln", ["-s", join(repositoryRoot, "types"), join(walk.folder, "checked", "types")]);
    const tsc = join(repositoryRoot, "node_modules", ".bin", "tsc");
    const { stdout } = await runFile(tsc, ["-p", join(walk.folder, "checked")]).catch((error) => error);
    expect(stdout).toBe("");
  });
});

describe("whoever drives work from an agent", () => {
  test("starts a session, is refused until its gates are done, and completes it", async () => {
    const blocks = await documentedBlocks("README.md", "Drive work from an agent", "sh");
    // The other two are of the typed client: tests/client/package.test.ts.
    expect(blocks).toHaveLength(5);
    const [start = "", tooEarly = "", rest = ""] = blocks;
    await walk.shell(start);
    const refused = JSON.parse(await walk.shell(tooEarly));
    expect(refused).toMatchObject({ status: 409, code: "gates_incomplete" });
    expect(refused.checkpoints).toHaveLength(5);

    const [gates = "", complete = ""] = rest.split("\n\n");
    expect((await walk.shell(gates)).match(/"is_complete":true/g)).toHaveLength(5);
    const [, headers = "", body = ""] = /^([\s\S]+?)\r\n\r\n([\s\S]+)$/.exec(await walk.shell(complete)) ?? [];
    expect(headers).not.toMatch(/^idempotency-replayed:/im);
    expect(JSON.parse(body).session.status).toBe("completed");

    // "Send the last call again and see."
    const again = await walk.shell(complete);
    expect(again).toMatch(/^idempotency-replayed: true/im);
    expect(again).toContain(body);
    const moves = await sql(
      "select event, actor from state_transitions where sd_id = 'SD-2026-010' and machine = 'exec_session' order by id",
    );
    expect(moves).toEqual([
      { event: "start", actor: "secret:agent" },
      { event: "complete", actor: "secret:agent/builder-3" },
    ]);
  });
});

describe("an operator", () => {
  test("asks what is stuck, and the doctor", async () => {
    const blocks = await documentedBlocks("README.md", "Operate it", "sh");
    expect(blocks).toHaveLength(2);
    expect(await walk.shell(blocks[0] ?? "")).toMatch(/handoff.*SD-2026-002.*not answered/);
    const examined = await walk.shell(blocks[1] ?? "");
    expect(examined.match(/Nothing found/g)).toHaveLength(2);
  });

  test("reads the story of a directive, and sets a status past the machine, which is recorded", async () => {
    const [history = "", override = "", ...none] = await documentedBlocks("README.md", "Operate it", "sql");
    expect(none).toEqual([]);
    expect((await sql(history)).length).toBeGreaterThan(2);
    expect(await sql(override)).toHaveLength(1);
    const [last] = await sql("select event, to_status, reason from state_transitions order by id desc limit 1");
    expect(last).toEqual({ event: "override", to_status: "cancelled", reason: "nobody wants it any more" });
  });
});
