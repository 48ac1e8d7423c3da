import { spawn } from "node:child_process";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withCredentials } from "../../local/bootstrap.ts";
import { parseDoctorOptions } from "../../local/doctor-options.ts";
import { doctorReport, type Finding, wantsColours } from "../../local/doctor-report.ts";
import { repositoryRoot } from "../../local/paths.ts";
import { freePort } from "../../local/ports.ts";
import { problems } from "../doctor/problems/index.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { freePortPair, startCommand, temporaryState } from "../support/start-command.ts";

let database: TestDatabase;
let state: Awaited<ReturnType<typeof temporaryState>>;

beforeAll(async () => {
  database = await createTestDatabase();
  state = await temporaryState();
});
afterAll(async () => {
  await state.remove();
  await database.drop();
});

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs what `npm run doctor` runs; without a stack of ours unless `state` has one. */
function doctor(args: string[], environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const { DATABASE_URL: _ours, ...inherited } = process.env;
  const child = spawn(process.execPath, ["--import", "tsx", "local/doctor.ts", ...args], {
    cwd: repositoryRoot,
    env: { ...inherited, LEO_STATE_DIRECTORY: state.directory, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended: Ended = { code: null, stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      ended[stream] += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ ...ended, code }));
  });
}

/** The statements of a report, as somebody would copy them: block by block. */
function printedFixes(report: string): string[] {
  return [...report.matchAll(/(?:^ {6}.*\n)+/gm)].map(([block]) => block);
}

it("ends with 0 and says so where nothing is to be found", async () => {
  expect(await doctor(["--db-url", database.url])).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^postgresql:\/\/postgres:\*\*\*@\S+\n\nNothing found: no row is stuck.*\n$/),
    stderr: "",
  });
});

it("ends with 1 and prints, 80 columns wide, statements that make an end of everything it knows", async () => {
  const own = await createTestDatabase();
  try {
    for (const each of problems) await each.plant(own);
    const first = await doctor(["--rows", "999"], { DATABASE_URL: own.url });
    expect(first).toMatchObject({ code: 1, stderr: "" });
    for (const { problem, table } of problems)
      expect(first.stdout).toMatch(new RegExp(`^${problem} .* ?${table}`, "m"));
    expect(first.stdout).not.toContain("\u001b");
    // A literal is one word, and a longer one has a line of its own.
    const wide = first.stdout.split("\n").filter((line) => line.length > 80 && !/^ *\S*'[^']*'\S*$/.test(line));
    expect(wide).toEqual([]);

    for (const fix of printedFixes(first.stdout)) await own.query(fix);
    // Behind some of them there is another, as it says.
    const second = await doctor(["--db-url", own.url]);
    for (const fix of printedFixes(second.stdout)) await own.query(fix);
    expect(await doctor(["--db-url", own.url])).toMatchObject({ code: 0 });
  } finally {
    await own.drop();
  }
});

it("names as many rows of a problem as asked for, and counts the others", async () => {
  const own = await createTestDatabase();
  try {
    await own.query("insert into public.companies (name) values ('A company')");
    await own.query(`insert into public.orchestration_metrics (company_id, error_rate)
      select id, 2 from public.companies, generate_series(1, 23)`);
    const twenty = await doctor(["--db-url", own.url]);
    expect(twenty.stdout).toContain("metric_out_of_range  orchestration_metrics, 23 rows\n");
    expect(twenty.stdout.match(/error_rate is 2/g)).toHaveLength(20);
    expect(twenty.stdout).toContain("\n  and 3 more; --rows names as many as you like\n");
    expect(twenty.stdout).toContain("There are 23 rows to look at, of 1 problem.");
    const all = await doctor(["--db-url", own.url, "--rows", "23"]);
    expect(all.stdout.match(/error_rate is 2/g)).toHaveLength(23);
  } finally {
    await own.drop();
  }
});

it("examines the database of the stack that is running, without a word about where it is", async () => {
  const running = await temporaryState();
  const port = await freePortPair();
  const stack = startCommand(running.directory, ["--port", String(port)]);
  const ours = { LEO_STATE_DIRECTORY: running.directory };
  try {
    await stack.ready;
    const healthy = await doctor([], ours);
    expect(healthy).toMatchObject({ code: 0, stderr: "" });
    expect(healthy.stdout).toContain(`127.0.0.1:${port + 1}/postgres`);
    const [, databaseUrl] = /Database URL\s+(\S+)/.exec(stack.output()) ?? [];
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    await client.query("update public.telemetry_analysis_runs set findings_count = -1 where status = 'SUCCEEDED'");
    await client.end();
    expect(await doctor([], ours)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("run_figures_out_of_range"),
    });
  } finally {
    stack.child.kill("SIGINT");
    await stack.exit;
  }
  expect(await doctor([], ours)).toMatchObject({ code: 2, stderr: expect.stringContaining("no stack is running") });
  await running.remove();
  // It starts a whole stack, on a machine that may be busy with other tests.
}, 120_000);

describe("ends with 2 and says what to do", () => {
  it.each([
    [["--fix"], "Unknown option '--fix'; see npm run doctor -- --help"],
    [["now"], "Unexpected argument 'now' (options go after --: npm run doctor -- …)"],
    [["--db-url", "mysql://localhost/leo"], "--db-url takes a connection string"],
    [["--db-url", "postgresql://user:pass word@[/leo"], "--db-url takes a connection string"],
    [["--db-url"], "argument missing; see npm run doctor"],
    [["--rows", "0"], '--rows takes a number from 1 to 999999, not "0"'],
    [["--rows", "many"], '--rows takes a number from 1 to 999999, not "many"'],
  ])("on wrong use: %s", (args, said) => {
    expect(() => parseDoctorOptions(args, {})).toThrow(said);
  });

  it("on wrong use, as a command", async () => {
    expect(await doctor(["--fix"])).toEqual({
      code: 2,
      stdout: "",
      stderr: "error: Unknown option '--fix'; see npm run doctor -- --help\n",
    });
  });

  it("where no stack is running", async () => {
    expect(await doctor([])).toEqual({
      code: 2,
      stdout: "",
      stderr: "error: no stack is running here; start one with npm start, or name a database with --db-url\n",
    });
  });

  it("where no database is there, without the password", async () => {
    const url = `postgresql://postgres:hunter2@127.0.0.1:${await freePort()}/postgres`;
    const { code, stdout, stderr } = await doctor(["--db-url", url]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(
      /^error: the database postgresql:\/\/postgres:\*\*\*@\S+ cannot be reached \(.*ECONNREFUSED/,
    );
    expect(stderr).not.toContain("hunter2");
  });

  it("where the migrations have not been applied", async () => {
    const bare = await createTestDatabase({ migratedTo: "nothing" });
    try {
      expect(await doctor(["--db-url", bare.url])).toEqual({
        code: 2,
        stdout: "",
        stderr: expect.stringMatching(
          /^error: \S+ has no leo\.doctor\(\); apply the migrations: npx supabase db push --remote/,
        ),
      });
    } finally {
      await bare.drop();
    }
  });

  it("to somebody who may not know", async () => {
    const name = `reader_${process.pid}`;
    const admin = new pg.Client({ connectionString: database.adminUrl });
    await admin.connect();
    try {
      await admin.query(`create role ${name} login password 'reader'`);
      expect(await doctor(["--db-url", withCredentials(database.url, name, "reader")])).toEqual({
        code: 2,
        stdout: "",
        stderr: expect.stringMatching(/^error: the doctor is for role postgres.*permission denied/),
      });
    } finally {
      await admin.query(`drop role ${name}`);
      await admin.end();
    }
  });
});

it("tells of its options and its exit codes when asked for help", async () => {
  const { code, stdout, stderr } = await doctor(["--help"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  for (const said of ["--db-url <url>", "--rows <n>", "0 nothing found, 1 something found, 2"]) {
    expect(stdout).toContain(said);
  }
});

describe("its report", () => {
  const finding: Finding = {
    problem: "run_past_deadline",
    table_name: "telemetry_analysis_runs",
    entity_id: "1",
    detail: "late",
    fix: "select leo.sweep('{}', '{}');",
  };

  it("has a fix once that is the same for several rows", () => {
    const report = doctorReport([finding, { ...finding, entity_id: "2" }], false);
    expect(report.match(/leo\.sweep/g)).toHaveLength(1);
    expect(report).toMatch(/ {2}1\n {4}late\n {2}2\n {4}late\n {6}select leo\.sweep\('\{\}', '\{\}'\);\n/);
  });

  it("says where there is no statement to offer", () => {
    expect(doctorReport([{ ...finding, fix: null }], false)).toContain("this is for you to decide");
  });

  it("never breaks a literal, however long and with whatever quotes", () => {
    const literal = `'${"it''s a word ".repeat(20)}'`;
    const report = doctorReport(
      [{ ...finding, fix: `select ${"column_name, ".repeat(20)}${literal} as text;` }],
      false,
    );
    expect(report).toContain(literal);
    expect(
      Math.max(
        ...report
          .replace(literal, "")
          .split("\n")
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(80);
  });

  it("has nothing in it that a terminal would obey, but for its own colours", () => {
    const evil = { ...finding, entity_id: "\u001b[2J", detail: "\u0007 \u202e \u009b2J", fix: "select '\u001b]0;';" };
    expect(doctorReport([evil], false)).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
    expect(doctorReport([finding], true)).toContain("\u001b[31m");
    expect(doctorReport([finding], false)).not.toContain("\u001b");
  });

  it("has colours on a terminal, unless it is not to", () => {
    expect(wantsColours({ isTTY: true }, {})).toBe(true);
    expect(wantsColours({ isTTY: true }, { NO_COLOR: "1" })).toBe(false);
    expect(wantsColours({ isTTY: true }, { TERM: "dumb" })).toBe(false);
    expect(wantsColours({}, {})).toBe(false);
  });
});
