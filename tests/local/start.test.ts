import { execFile, spawn } from "node:child_process";
import { chown, cp, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";
import { repositoryRoot } from "../../local/paths.ts";
import { freePort, requireFreePort } from "../../local/ports.ts";
import { createTestDatabase } from "../support/database.ts";
import { freePortPair, type StartCommand, startCommand, temporaryState } from "../support/start-command.ts";

const shell = promisify(execFile);

let state: Awaited<ReturnType<typeof temporaryState>>;
let port: number;
const started: StartCommand[] = [];

/** Starts a stack that the test need not stop. */
function start(...args: string[]): StartCommand {
  // As where nobody has asked to be spared colours.
  const command = startCommand(state.directory, ["--port", String(port), ...args], undefined, { NO_COLOR: "" });
  started.push(command);
  return command;
}

async function stop(command: StartCommand): Promise<number | null> {
  command.child.kill("SIGINT");
  return command.exit;
}

/** The calls that `npm start` printed, one text each, as a user would copy them. */
function printedCalls(output: string): string[] {
  const blocks = output.split(/\n\n/).filter((block) => /^ {2}(curl|TOKEN=)/.test(block));
  return blocks.map((block) => block.replace(/^ {2}/gm, ""));
}

/** Lines that a terminal of 80 columns would break. */
const tooWide = (output: string) => output.split("\n").filter((line) => line.length > 80);

async function expectNothingLeft(): Promise<void> {
  await requireFreePort(port, "API", "");
  await requireFreePort(port + 1, "PostgreSQL", "");
  const { stdout } = await shell("ps", ["-eo", "args"]);
  expect(stdout.split("\n").filter((line) => line.includes(state.directory))).toEqual([]);
}

beforeEach(async () => {
  state = await temporaryState();
  port = await freePortPair();
});

afterEach(async () => {
  for (const command of started.splice(0)) {
    if (command.child.exitCode === null && command.child.signalCode === null) await stop(command);
  }
  await state.remove();
});

test("a first start prints calls that work, and a second one keeps what they made", async () => {
  const first = start();
  await first.ready;
  expect(tooWide(first.output())).toEqual([]);
  expect(first.output()).not.toContain("\u001b");
  const calls = printedCalls(first.output());
  expect(calls).toHaveLength(3);
  const [startSession, readAsUser, askHealth] = calls as [string, string, string];

  const session = JSON.parse((await shell("bash", ["-c", startSession])).stdout);
  expect(session).toMatchObject({ session: { status: "active", implementation_type: "API_ENDPOINT" }, attempt: 1 });
  expect(session.checkpoints.length).toBeGreaterThan(0);

  const read = JSON.parse((await shell("bash", ["-c", readAsUser])).stdout);
  expect(read).toEqual([{ status: "active", exec_quality_checkpoints: expect.any(Array) }]);
  expect(read[0].exec_quality_checkpoints).toHaveLength(session.checkpoints.length);

  expect(JSON.parse((await shell("bash", ["-c", askHealth])).stdout)).toMatchObject({ status: "ok" });

  expect(await stop(first)).toBe(0);
  await expectNothingLeft();

  const second = start();
  await second.ready;
  expect(second.output()).toContain("data kept");
  const again = JSON.parse((await shell("bash", ["-c", readAsUser])).stdout);
  expect(again).toEqual(read);
  const refused = JSON.parse((await shell("bash", ["-c", startSession])).stdout);
  expect(refused).toMatchObject({ code: "session_exists", id: session.session.id });
  expect(await stop(second)).toBe(0);

  const reset = start("--reset");
  await reset.ready;
  const afresh = JSON.parse((await shell("bash", ["-c", readAsUser])).stdout);
  expect(afresh).toEqual([]);
}, 120_000);

test("without demo data it prints calls that work all the same", async () => {
  const command = start("--no-seed");
  await command.ready;
  expect(tooWide(command.output())).toEqual([]);
  const calls = printedCalls(command.output());
  expect(calls).toHaveLength(4);
  const answers = [];
  for (const call of calls) answers.push((await shell("bash", ["-c", call])).stdout.trim());
  expect(JSON.parse(answers[0] ?? "")).toMatchObject([{ id: "SD-DEMO-001", status: "active" }]);
  expect(JSON.parse(answers[1] ?? "")).toMatchObject({ session: { sd_id: "SD-DEMO-001", status: "active" } });
  expect(JSON.parse(answers[2] ?? "")).toMatchObject([{ status: "active" }]);
  expect(JSON.parse(answers[3] ?? "")).toMatchObject({ status: "ok" });
}, 60_000);

test("says so and ends when PostgreSQL ends under it, also with a request to it under way", async () => {
  const command = start("--no-seed");
  await command.ready;
  const pid = Number((await readFile(join(state.directory, "postgres/postmaster.pid"), "utf8")).split("\n")[0]);
  process.kill(pid, "SIGINT");
  await fetch(`http://127.0.0.1:${port}/rest/v1/companies`).catch(() => {});
  expect(await command.exit).toBe(1);
  expect(command.output()).toContain("error: PostgreSQL ended unexpectedly");
  await expectNothingLeft();
}, 60_000);

test("secrets are made once, for the owner's eyes only", async () => {
  const first = start("--no-seed");
  await first.ready;
  const file = join(state.directory, "secrets.json");
  const before = await readFile(file, "utf8");
  const environment = join(state.directory, "env");
  const { stdout: modes } = await shell("stat", ["-c", "%a", file, environment]);
  expect(modes).toBe("600\n600\n");
  await stop(first);
  // Its addresses lead nowhere any more.
  await expect(readFile(environment)).rejects.toThrow("ENOENT");
  const second = start("--no-seed", "--reset");
  await second.ready;
  expect(await readFile(file, "utf8")).toBe(before);
}, 60_000);

describe("when the start cannot succeed, it says in one line what to do, exits with 1 and leaves nothing running", () => {
  async function refusal(command: StartCommand): Promise<string> {
    expect(await command.exit).toBe(1);
    const errors = command
      .output()
      .split("\n")
      .filter((line) => line.startsWith("error:"));
    expect(errors).toHaveLength(1);
    expect(command.output().trimEnd().split("\n").at(-1)).toBe(errors[0]);
    return errors[0] as string;
  }

  test.each([
    ["the API", 0],
    ["PostgreSQL", 1],
  ])("port of %s taken", async (what, offset) => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(port + offset, "127.0.0.1", resolve));
    try {
      const text = await refusal(start());
      expect(text).toContain(`port ${port + offset} (${what}) is already in use`);
      expect(text).toContain("--port");
    } finally {
      await new Promise((resolve) => squatter.close(resolve));
    }
    await expectNothingLeft();
  });

  test("unreachable database", async () => {
    const nobody = await freePort();
    const text = await refusal(start("--db-url", `postgresql://me:hidden@127.0.0.1:${nobody}/mine`));
    expect(text).toContain(`postgresql://me:***@127.0.0.1:${nobody}/mine cannot be reached`);
    expect(text).not.toContain("hidden");
    await expectNothingLeft();
  });

  test("wrong password", async () => {
    const url = new URL(inject("adminUrl"));
    url.password = "wrong";
    const text = await refusal(start("--db-url", url.toString()));
    expect(text).toContain("cannot be reached (password authentication failed");
    await expectNothingLeft();
  });

  test("failing migration, of which nothing stays", async () => {
    const copy = join(state.directory, "checkout");
    await mkdir(copy);
    for (const entry of await readdir(repositoryRoot)) {
      if (entry === "node_modules") await symlink(join(repositoryRoot, entry), join(copy, entry));
      else if (!entry.startsWith(".")) await cp(join(repositoryRoot, entry), join(copy, entry), { recursive: true });
    }
    await writeFile(
      join(copy, "supabase/migrations/20991231235959_broken.sql"),
      "create table public.half_done (id integer);\nselect no_such_function();\n",
    );
    const database = await createTestDatabase({ migratedTo: "nothing" });
    try {
      const args = ["--port", String(port), "--db-url", database.url];
      const text = await refusal(startCommand(state.directory, args, copy));
      expect(text).toContain("20991231235959_broken.sql");
      expect(text).toContain("no_such_function");
      expect(await database.query("select to_regclass('public.half_done') as found")).toEqual([{ found: null }]);
    } finally {
      await database.drop();
    }
    await expectNothingLeft();
  });

  test.each([
    [["--port", "seven"], "--port takes a number"],
    [["--port", "65535"], "--port takes a number from 1 to 65534"],
    [["--sweep-every", "often"], "--sweep-every takes a number of seconds"],
    [["--nonsense"], "--nonsense"],
    [["--db-url", "mysql://x"], "--db-url takes a connection string"],
    [["--db-url", "postgresql://x", "--reset"], "--reset only forgets the embedded database"],
  ])("bad options %j", async (args, expected) => {
    expect(await refusal(startCommand(state.directory, args))).toContain(expected);
  });
});

describe("what an unlucky end left behind", () => {
  test("a process that has got the id of the server that was killed is left alone", async () => {
    const first = start("--no-seed");
    await first.ready;
    await stop(first);
    const bystander = spawn("sleep", ["60"]);
    const pidFile = join(state.directory, "postgres/postmaster.pid");
    await writeFile(pidFile, `${bystander.pid}\n`);
    const uid = (await stat(join(state.directory, "postgres"))).uid;
    await chown(pidFile, uid, (await stat(pidFile)).gid);
    const second = start("--no-seed");
    await second.ready;
    expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
    bystander.kill();
  }, 60_000);

  test("damaged secrets and secrets of another database are named", async () => {
    await writeFile(join(state.directory, "secrets.json"), "");
    const damaged = start("--no-seed");
    expect(await damaged.exit).toBe(1);
    expect(damaged.output()).toMatch(/error: .*secrets\.json is damaged; .*--reset\n$/);
    await rm(join(state.directory, "secrets.json"));

    const first = start("--no-seed");
    await first.ready;
    await stop(first);
    await rm(join(state.directory, "secrets.json"));
    const other = start("--no-seed");
    expect(await other.exit).toBe(1);
    expect(other.output()).toMatch(/error: the embedded database was made with other secrets.*--reset\n$/);
    await expectNothingLeft();
  }, 60_000);
});

test("a second start beside a running one points to the running one", async () => {
  const first = start("--no-seed");
  await first.ready;
  const second = startCommand(state.directory, ["--port", String(await freePortPair())]);
  expect(await second.exit).toBe(1);
  expect(second.output()).toContain(`a stack is already running at http://127.0.0.1:${port}`);
  expect((await fetch(`http://127.0.0.1:${port}/functions/v1/health`)).status).toBe(200);
}, 60_000);

test("a start after a killed one takes over its data and ends the server it left behind", async () => {
  const first = start("--no-seed");
  await first.ready;
  first.child.kill("SIGKILL");
  await first.exit;
  const second = start("--no-seed");
  await second.ready;
  expect(second.output()).toContain("data kept");
  expect(await stop(second)).toBe(0);
  await expectNothingLeft();
}, 60_000);

test("an existing database of Supabase's shape is migrated and served, gets no demo data unasked, and is swept", async () => {
  const database = await createTestDatabase({ migratedTo: "nothing" });
  try {
    const command = start("--db-url", database.url, "--sweep-every", "1");
    await command.ready;
    expect(await database.query("select count(*)::int as users from auth.users")).toEqual([{ users: 0 }]);
    const health = await fetch(`http://127.0.0.1:${port}/functions/v1/health`);
    expect(health.status).toBe(200);

    // A run that its worker has left, and the stack's timer, which finds it.
    await database.query(
      `insert into public.telemetry_analysis_runs (run_id, status, started_at)
       values (gen_random_uuid(), 'RUNNING', now() - interval '1 hour')`,
    );
    const giveUpAt = performance.now() + 20_000;
    while (!command.output().includes("sweep: telemetry runs timed out: 1")) {
      expect(performance.now(), command.output()).toBeLessThan(giveUpAt);
      await delay(20);
    }
    await stop(command);
  } finally {
    await database.drop();
  }
  await expectNothingLeft();
}, 60_000);

test("--help says what the options are and starts nothing", async () => {
  const command = startCommand(state.directory, ["--help"]);
  expect(await command.exit).toBe(0);
  for (const option of ["--port", "--db-url", "--reset", "--seed", "--no-seed", "--sweep-every"]) {
    expect(command.output()).toContain(option);
  }
});
