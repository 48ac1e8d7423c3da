import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Services, startServices } from "../../local/services.ts";
import type { CliOutput } from "../../local/supabase-cli.ts";
import { document, documentedBlocks } from "../docs/support/markdown.ts";
import { migrationFiles } from "../migrations/support/files.ts";
import { createPeople, type People } from "../support/data-api.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { installInterfacesOf } from "../support/platform-extensions.ts";
import { documentedCommands } from "./documented-steps.ts";
import { type HostedProject, hostedProject } from "./hosted-project.ts";
import { projectRef } from "./management-api.ts";

/*
 * The README's section, command by command in its order: the real CLI, on the one hand with an empty database as
 * Supabase hands it over (`--remote`, the linked project, becomes `--remote=<url>`), on the other with a stand-in for
 * the Management API. The functions then run on that database, and the statements are run in it.
 */

const execute = promisify(execFile);
const hostedUrl = `https://${projectRef}.supabase.co`;

/** Text of the two documents, their shell commands and their statements. */
let section: string;
let details: string;
let commands: string[];
let sectionStatements: string[];
let detailStatements: string[];
let project: HostedProject;
let database: TestDatabase;
let services: Services;
let people: People;
/** What was printed, by command. */
const printed = new Map<string, CliOutput>();
/** The same of one command, on both streams. */
const said = (command: string) => `${printed.get(command)?.stdout}${printed.get(command)?.stderr}`;
/** Migrations that were applied, after each command. */
const applied = new Map<string, number>();

async function appliedNow(): Promise<number> {
  const [history] = await database.query<{ found: string | null }>(
    "select to_regclass('supabase_migrations.schema_migrations')::text as found",
  );
  if (!history?.found) return 0;
  const [row] = await database.query<{ count: number }>(
    "select count(*)::integer from supabase_migrations.schema_migrations",
  );
  return row?.count ?? 0;
}

/** A documented statement or command, with what stands for its placeholders here. */
const filledIn = (text: string) =>
  text
    .replaceAll("<your-project-ref>", projectRef)
    .replaceAll(hostedUrl, services.url)
    .replaceAll("<secret-key>", inject("secrets").secretKeys.agent ?? "")
    .replaceAll("<email>", "olga@leo.example");

const statement = (statements: string[], start: string) =>
  filledIn(statements.find((sql) => sql.startsWith(start)) ?? "");

beforeAll(async () => {
  section = (await document("README.md")).split("\n## Deploy to hosted Supabase\n")[1]?.split("\n## ")[0] ?? "";
  details = await document("docs/deploy.md");
  commands = documentedCommands(await documentedBlocks("README.md", "Deploy to hosted Supabase", "sh"));
  sectionStatements = await documentedBlocks("README.md", "Deploy to hosted Supabase", "sql");
  detailStatements = [
    ...(await documentedBlocks("docs/deploy.md", "The telemetry job", "sql")),
    ...(await documentedBlocks("docs/deploy.md", "Operators", "sql")),
    ...(await documentedBlocks("docs/deploy.md", "Realtime", "sql")),
  ];
  project = await hostedProject();
  database = await createTestDatabase({ migratedTo: "nothing" });
  for (const command of commands) {
    if (!command.startsWith("npx supabase ")) continue;
    printed.set(command, await project.run(command, database.url));
    applied.set(command, await appliedNow());
  }
  services = await startServices({
    databaseUrl: database.url,
    secrets: inject("secrets"),
    driver: inject("driver"),
    port: 0,
  });
  people = createPeople(services.url, database);
}, 120_000);
afterAll(async () => {
  await services?.stop();
  await database?.drop();
  await project?.remove();
});

test("the section's commands are those that are run here", () => {
  const others = commands.filter((command) => !command.startsWith("npx supabase "));
  expect([...printed.keys()]).toEqual([
    "npx supabase login",
    "npx supabase link --project-ref <your-project-ref>",
    "npx supabase db push --remote --dry-run",
    "npx supabase db push --remote",
    "npx supabase config diff",
    "npx supabase config push",
    "npx supabase functions deploy --use-api",
    "npx supabase secrets set LEO_DB_POOL_SIZE=2",
  ]);
  expect(others).toEqual(["curl -s https://<your-project-ref>.supabase.co/functions/v1/health"]);
});

test("the section's and the page's statements are those that are run here", () => {
  const beginnings = (statements: string[]) => statements.map((sql) => sql.split(" ").slice(0, 2).join(" "));
  expect(beginnings(sectionStatements)).toEqual(["select leo.schedule_sweep();", "update auth.users"]);
  expect(beginnings(detailStatements)).toEqual([
    "create extension",
    "update auth.users",
    "select tablename",
    "create publication",
  ]);
});

test("login takes the token, and link keeps the project's ref beside the migrations", async () => {
  expect(said("npx supabase login")).toContain("You are now logged in");
  expect(await readFile(join(project.workdir, "supabase", ".temp", "project-ref"), "utf8")).toBe(projectRef);
});

describe("db push", () => {
  test("with --dry-run lists every migration and applies none", async () => {
    const command = "npx supabase db push --remote --dry-run";
    for (const { file } of await migrationFiles()) expect(said(command)).toContain(file);
    expect(applied.get(command)).toBe(0);
  });

  test("applies every migration, and does not show what they say", async () => {
    const command = "npx supabase db push --remote";
    expect(applied.get(command)).toBe((await migrationFiles()).length);
    // The migration of the sweep has said that there is no pg_cron. Should the CLI show it one day, say so.
    expect(section).toContain("the CLI does not show it");
    expect(said(command)).not.toContain("the sweep is not scheduled");
  });

  test("changes nothing where it cannot ask", async () => {
    expect(details).toContain("where the CLI cannot ask it changes nothing, and fails");
    const empty = await createTestDatabase({ migratedTo: "nothing" });
    try {
      const asked = project.run("npx supabase db push --remote", empty.url, { yes: false });
      await expect(asked).rejects.toThrow("Nothing was changed");
      expect(await empty.query("select to_regclass('public.companies') as found")).toEqual([{ found: null }]);
    } finally {
      await empty.drop();
    }
  });

  test("with --include-seed adds the demo cast, of whom nobody can sign in", async () => {
    expect(section).toContain("--include-seed adds the demo cast");
    await project.run("npx supabase db push --remote --include-seed", database.url);
    const [cast] = await database.query(
      `select (select count(*)::integer from public.companies) as companies, count(*)::integer as people,
         count(*) filter (where encrypted_password <> '')::integer as passwords
       from auth.users where email like '%.example' and email <> 'olga@leo.example'`,
    );
    expect(cast).toEqual({ companies: 2, people: 3, passwords: 0 });
  });
});

describe("the Management API is told", () => {
  test("nothing by config diff, which shows that sign-up is open and what is exposed", () => {
    const shown = said("npx supabase config diff");
    expect(shown).toMatch(/auth\.enable_signup \[update\]\s+local: {2}false\s+remote: true/);
    expect(shown).toMatch(/api\.schemas \[update\]\s+local: {2}\["public"\]/);
  });

  test("to close sign-up, to expose public alone, to make the functions live, to keep the secret; no more", () => {
    const [postgrest, auth, functions, secrets, ...more] = project.api.changes;
    expect(postgrest).toMatchObject({ method: "PATCH", path: "/postgrest", body: { db_schema: "public" } });
    expect(auth).toEqual({ method: "PATCH", path: "/config/auth", body: { disable_signup: true } });
    expect(functions).toMatchObject({ method: "PUT", path: "/functions" });
    expect(secrets).toMatchObject({ path: "/secrets", body: [{ name: "LEO_DB_POOL_SIZE", value: "2" }] });
    expect(more).toEqual([]);
    expect(project.api.settings.auth.disable_signup).toBe(true);
  });

  test("every function, each without the platform's own JWT check", async () => {
    expect(project.api.uploads.size).toBe(8);
    for (const { metadata } of project.api.uploads.values()) expect(metadata.verify_jwt).toBe(false);
  });
});

test("health answers ok and the newest migration, by the documented call", async () => {
  const [command = ""] = commands.filter((line) => line.startsWith("curl "));
  const [curl = "", ...args] = filledIn(command).split(" ");
  const { stdout } = await execute(curl, args);
  expect(section).toContain('{"status":"ok", …');
  expect(stdout).toMatch(/^\{"status":"ok",/);
  expect(JSON.parse(stdout).database.schema_version).toBe((await migrationFiles()).at(-1)?.version);
});

test("the documented statement makes an operator, and the one that takes it away ends it", async () => {
  const email = "olga@leo.example";
  await people.createUser({ email, appMetadata: { provider: "email" } });
  const asked = async () => {
    const { data } = await (await people.signIn(email)).auth.getSession();
    const headers = { apikey: people.publishableKey, authorization: `Bearer ${data.session?.access_token}` };
    return (await fetch(`${services.url}/functions/v1/telemetry-runs/sweep`, { method: "POST", headers })).status;
  };
  expect(await asked()).toBe(403);
  await database.query(statement(sectionStatements, "update auth.users"));
  expect(await asked()).toBe(200);
  expect(await database.query("select raw_app_meta_data as kept from auth.users where email = $1", [email])).toEqual([
    { kept: { provider: "email", leo_role: "operator" } },
  ]);
  await database.query(statement(detailStatements, "update auth.users"));
  expect(await asked()).toBe(403);
});

test("what is published is the documented six tables, which a database without the publication gets by the statement", async () => {
  const published = () => database.query(statement(detailStatements, "select tablename from pg_publication_tables"));
  const before = await published();
  expect(before).toHaveLength(6);
  await database.query("drop publication supabase_realtime");
  expect(await published()).toEqual([]);
  await database.query(statement(detailStatements, "create publication"));
  expect(await published()).toEqual(before);
});

describe("the schedule", () => {
  test("is refused with the documented words where pg_cron is missing", async () => {
    const [, message, hint] = /^ERROR: {2}(.+)\nHINT: {2}(.+)$/m.exec(details) ?? [];
    await expect(database.query(statement(sectionStatements, "select leo.schedule_sweep()"))).rejects.toMatchObject({
      message,
      hint,
    });
  });

  test("names the documented jobs, and the telemetry job's request analyses what is queued", async () => {
    await installInterfacesOf(database.adminUrl, "pg_cron", "pg_net", "vault");
    await database.query(statement(sectionStatements, "select leo.schedule_sweep()"));
    await database.query(statement(detailStatements, "create extension if not exists pg_net"));
    const jobs = await database.query<{ jobname: string; schedule: string; command: string }>(
      "select jobname, schedule, command from cron.job order by jobname",
    );
    expect(jobs.map(({ jobname }) => jobname)).toEqual(["leo-analyzer", "leo-roll-up", "leo-sweep", "leo-sweep-log"]);
    expect(details).toContain("jobs `leo-sweep`, `leo-roll-up` (every minute) and `leo-sweep-log` (daily)");
    expect(jobs[0]?.schedule).toBe("* * * * *");
    expect(jobs[0]?.command).not.toContain("sb_secret_");

    const asked = await fetch(`${services.url}/functions/v1/telemetry-runs`, {
      method: "POST",
      headers: { apikey: people.secretKey, "content-type": "application/json" },
      body: '{"force": true}',
    });
    expect(asked.status).toBe(201);
    await database.query(jobs[0]?.command ?? "");
    const [request] = await database.query<{ url: string; headers: Record<string, string>; body: Buffer }>(
      "select url, headers, body from net.http_request_queue",
    );
    const answer = await fetch(request?.url ?? "", {
      method: "POST",
      headers: request?.headers ?? {},
      body: request?.body.toString() ?? "",
    });
    const { run } = (await asked.json()) as { run: { run_id: string } };
    expect(answer.status).toBe(200);
    expect(((await answer.json()) as { runs: unknown[] }).runs).toContainEqual(
      expect.objectContaining({ run_id: run.run_id, status: "SUCCEEDED" }),
    );
    expect(
      await database.query("select actor from public.state_transitions where entity_id = $1 and event = 'succeed'", [
        run.run_id,
      ]),
    ).toEqual([{ actor: "secret:agent" }]);

    const [, stop = ""] = /`(select cron\.unschedule\([^`]+)`/.exec(details) ?? [];
    await database.query(stop);
    expect(await database.query("select from cron.job where jobname = 'leo-analyzer'")).toEqual([]);
  });
});
