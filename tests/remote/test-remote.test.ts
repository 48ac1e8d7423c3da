import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { withCredentials } from "../../local/bootstrap.ts";
import { repositoryRoot } from "../../local/paths.ts";
import { runningStackDatabase } from "../../local/running-stack.ts";
import type { LocalSecrets } from "../../local/secrets.ts";
import { documentedBlocks } from "../docs/support/markdown.ts";
import { createTestDatabase } from "../support/database.ts";
import { installInterfacesOf } from "../support/platform-extensions.ts";
import { freePortPair, type StartCommand, startCommand, temporaryState } from "../support/start-command.ts";

// `npm run test:remote` against a stack of `npm start`: the same path as against any other project.

let state: Awaited<ReturnType<typeof temporaryState>>;
let stack: StartCommand;
let client: pg.Client;
let project: Record<string, string>;

beforeAll(async () => {
  state = await temporaryState();
  const port = await freePortPair();
  stack = startCommand(state.directory, ["--port", String(port), "--sweep-every", "0"]);
  await stack.ready;
  const secrets: LocalSecrets = JSON.parse(await readFile(join(state.directory, "secrets.json"), "utf8"));
  const databaseUrl = (await runningStackDatabase(state.directory)) ?? "";
  client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await installInterfacesOf(withCredentials(databaseUrl, "supabase_admin", secrets.databasePassword), "pg_cron");
  await client.query("select leo.schedule_sweep()");
  project = {
    LEO_TEST_URL: `http://127.0.0.1:${port}`,
    LEO_TEST_DB_URL: databaseUrl,
    LEO_TEST_PUBLISHABLE_KEY: secrets.publishableKey,
    LEO_TEST_SECRET_KEY: secrets.secretKeys.default as string,
  };
}, 90_000);
afterAll(async () => {
  await client?.end();
  stack?.child.kill("SIGINT");
  await stack?.exit;
  await state.remove();
});

const files = ["tests/functions/exec-sessions.test.ts", "tests/dashboards/access.test.ts"];

/** Runs what `npm run test:remote` runs, or another command that does, on a few test files. */
function testRemote(
  environment: Record<string, string>,
  onOutput: (soFar: string, child: ChildProcess) => void = () => {},
  [program = "", ...args]: string[] = [process.execPath, "--import", "tsx", "local/test.ts", "--remote", ...files],
): Promise<{ code: number | null; output: string }> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(VITEST|TEST|NODE_ENV|LEO_TEST_|CI$)/.test(name));
  const child = spawn(program, args, {
    cwd: repositoryRoot,
    env: { ...Object.fromEntries(inherited), NO_COLOR: "1", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      onOutput(output, child);
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  });
}

const count = async (table: string) =>
  (await client.query(`select count(*)::integer as count from ${table}`)).rows[0].count as number;

const counts = async (...tables: string[]) => {
  const found: number[] = [];
  for (const table of tables) found.push(await count(table));
  return found;
};

const allJobs = ["leo-roll-up", "leo-sweep", "leo-sweep-log"];

/** The names of pg_cron's jobs that are active, in order. */
const activeJobs = async () =>
  (await client.query("select jobname from cron.job where active order by jobname")).rows.map((row) => row.jobname);

/** Asserts that a run was refused for a reason, and left everything as it was; returns what it said. */
async function expectRefused(environment: Record<string, string>, reason: string): Promise<string> {
  const tables = ["public.companies", "public.exec_implementation_sessions", "auth.users"];
  const before = await counts(...tables);
  expect(Math.min(...before)).toBeGreaterThan(0);
  const { code, output } = await testRemote(environment);
  expect(output).toContain(reason);
  expect(output).not.toMatch(/\d+ passed/);
  expect(code).toBe(1);
  expect(await counts(...tables)).toEqual(before);
  return output;
}

test("nothing is done without a project that is named", async () => {
  await expectRefused({}, "LEO_TEST_URL is missing");
}, 60_000);

test("a database that holds rows is left alone", async () => {
  await expectRefused(project, "the project's database holds rows (companies and ");
}, 60_000);

test("a database that is not the one behind the URL is left alone", async () => {
  const other = await createTestDatabase();
  await other.query("insert into public.companies (name) values ('Somebody else')");
  const reason = "LEO_TEST_DB_URL is not the database of LEO_TEST_URL";
  await expectRefused({ ...project, LEO_TEST_DB_URL: other.url, LEO_TEST_DELETE_DATA: "1" }, reason);
  expect(await other.query("select name from public.companies")).toEqual([{ name: "Somebody else" }]);
  await other.drop();
}, 60_000);

test("another state of the migrations is left alone", async () => {
  const older = await createTestDatabase({ migratedTo: "20260303000800" });
  const environment = { ...project, LEO_TEST_DB_URL: older.url, LEO_TEST_DELETE_DATA: "1" };
  await expectRefused(environment, "the project has migration 20260303000800, this checkout ");
  await older.drop();
}, 60_000);

test("jobs that rest already are named, with what brings them back", async () => {
  await client.query("select cron.alter_job(jobid, active => false) from cron.job where jobname = 'leo-sweep'");
  const output = await expectRefused({ ...project, LEO_TEST_DELETE_DATA: "1" }, "pg_cron's jobs rest (leo-sweep)");
  const [, wakeUp = "", unschedule = ""] = /bring them back: (.*?); to do without: (.*?)\. Nothing/.exec(output) ?? [];
  await client.query(wakeUp);
  expect(await activeJobs()).toEqual(allJobs);
  await client.query(`begin; ${unschedule}`);
  expect(await count("cron.job")).toBe(0);
  await client.query("rollback");
}, 60_000);

test("two runs at a time are one too many", async () => {
  await client.query("select pg_advisory_lock(hashtext('leo test:remote'))");
  await expectRefused({ ...project, LEO_TEST_DELETE_DATA: "1" }, "another run of test:remote is using this project");
  await client.query("select pg_advisory_unlock_all()");
}, 60_000);

/** As docs/ci.md runs them, on a few files. What needs Docker is not run: `supabase status` prints this stack's. */
async function documentedRun(): Promise<string> {
  const [block = "", ...none] = await documentedBlocks(
    "docs/ci.md",
    "Tests against a project that is there already",
    "sh",
  );
  expect(none).toEqual([]);
  const { LEO_TEST_URL, LEO_TEST_DB_URL, LEO_TEST_PUBLISHABLE_KEY, LEO_TEST_SECRET_KEY } = project;
  const status = { API_URL: LEO_TEST_URL, DB_URL: LEO_TEST_DB_URL };
  const keys = { PUBLISHABLE_KEY: LEO_TEST_PUBLISHABLE_KEY, SECRET_KEY: LEO_TEST_SECRET_KEY };
  const variables = Object.entries({ ...status, ...keys }).map(([name, value]) => `'${name}="${value}"'`);
  return `npx() {
    case "$*" in
      "supabase start") ;;
      "supabase status -o env") printf '%s\\n' ${variables.join(" ")} ;;
      *) exit 9 ;;
    esac
  }
  ${block} -- ${files.join(" ")}`;
}

test("tests pass against a project whose rows may go, which is empty then but for real people", async () => {
  await client.query("insert into auth.users (id, email) values (gen_random_uuid(), 'somebody@real.invalid')");
  const { code, output } = await testRemote({}, () => {}, ["bash", "-ec", await documentedRun()]);
  expect({ code, output }).toMatchObject({ code: 0 });
  expect(output).toContain(`Tests run against ${project.LEO_TEST_URL}`);
  expect(output).toMatch(/Test Files +2 passed \(2\)/);
  expect(await count("public.companies")).toBe(0);
  expect(await count("public.state_transitions")).toBe(0);
  expect(await count("public.orchestration_summary_progress")).toBe(1);
  expect((await client.query("select email from auth.users")).rows).toEqual([{ email: "somebody@real.invalid" }]);
  expect(await activeJobs()).toEqual(allJobs);
}, 120_000);

test("what is changed besides rows makes the run fail, by name", async () => {
  let change: Promise<string[]> | undefined;
  const { code, output } = await testRemote({ ...project, LEO_TEST_DELETE_DATA: "1" }, (soFar) => {
    if (!soFar.includes("Tests run against")) return;
    change ??= client
      .query("create table public.left_over (id integer); update leo.telemetry_thresholds set baseline_window_days = 8")
      .then(activeJobs);
  });
  // Meanwhile jobs rest.
  expect(await change).toEqual([]);
  await client.query("drop table public.left_over");
  await client.query("update leo.telemetry_thresholds set baseline_window_days = default");
  expect(output).toMatch(/left alone:\n[\s\S]* public\.left_over[\s\S]* leo\.telemetry_thresholds: /);
  expect(output).not.toContain("relation exec_");
  expect({ code, output }).toMatchObject({ code: 1 });
  expect(output).toMatch(/Test Files +2 passed \(2\)/);
}, 120_000);

test("jobs are at work again after a run that could not empty the database", async () => {
  await client.query("create schema elsewhere; create table elsewhere.notes (company_id uuid references companies)");
  const { code, output } = await testRemote({ ...project, LEO_TEST_DELETE_DATA: "1" });
  await client.query("drop schema elsewhere cascade");
  expect(output).toContain("cannot truncate a table referenced in a foreign key constraint");
  expect({ code, output }).toMatchObject({ code: 1 });
  expect(await activeJobs()).toEqual(allJobs);
}, 120_000);

test("jobs are at work again after a run that a signal has ended", async () => {
  let rested: Promise<string[]> | undefined;
  // Vitest leaves a folder of its own for temporary files then.
  const environment = { ...project, LEO_TEST_DELETE_DATA: "1", TMPDIR: state.directory };
  const { code, output } = await testRemote(environment, (soFar, child) => {
    if (!soFar.includes("Tests run against")) return;
    rested ??= activeJobs().finally(() => child.kill("SIGTERM"));
  });
  expect(await rested).toEqual([]);
  expect({ code, output }).toMatchObject({ code: 143 });
  expect(await activeJobs()).toEqual(allJobs);
}, 120_000);
