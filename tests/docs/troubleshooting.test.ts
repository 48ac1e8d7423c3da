import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { acquireLock } from "../../local/lock.ts";
import { repositoryRoot } from "../../local/paths.ts";
import { freePort } from "../../local/ports.ts";
import { startPostgres } from "../../local/postgres/server.ts";
import { generateSecrets } from "../../local/secrets.ts";
import { remoteDatabase, supabaseCli } from "../../local/supabase-cli.ts";
import { createDirective } from "../functions/support/directives.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";
import { freePortPair } from "../support/start-command.ts";
import { document } from "./support/markdown.ts";

/** Each row of the README's Troubleshooting, with what really says so. */

const runFile = promisify(execFile);

let stack: TestStack;
let state: string;

beforeAll(async () => {
  stack = await startTestStack();
  state = await mkdtemp(join(tmpdir(), "leo-trouble-"));
});
afterAll(async () => {
  await stack.stop();
  await rm(state, { recursive: true, force: true });
});

/** What a program says that is to fail, on both of its outputs. */
async function sayings(program: string, args: string[], env: Record<string, string> = {}): Promise<string> {
  const { DATABASE_URL: _ours, ...environment } = process.env;
  const options = { cwd: repositoryRoot, env: { ...environment, LEO_STATE_DIRECTORY: state, ...env }, timeout: 60_000 };
  const failed = await runFile(program, args, options).then(
    () => null,
    (error: { stdout: string; stderr: string }) => error,
  );
  if (failed === null) throw new Error(`${program} ${args.join(" ")} did not fail`);
  return failed.stdout + failed.stderr;
}

const script = (file: string, ...args: string[]) => sayings(process.execPath, ["--import", "tsx", file, ...args]);

async function startSession(headers?: Record<string, string>, sdId?: string): Promise<Response> {
  const body = { sd_id: sdId ?? (await createDirective(stack.database)), implementation_type: "API_ENDPOINT" };
  return stack.call("exec-sessions", { body, ...(headers ? { headers } : {}) });
}

const json = { "content-type": "application/json" };

async function withDatabase(
  migratedTo: string | undefined,
  work: (database: TestDatabase, client: pg.Client) => Promise<string>,
): Promise<string> {
  const database = await createTestDatabase(migratedTo === undefined ? {} : { migratedTo });
  try {
    return await work(database, await database.connect());
  } finally {
    await database.drop();
  }
}

async function push({ url }: TestDatabase): Promise<string> {
  const { argument, env } = remoteDatabase(url);
  return supabaseCli(["db", "push", "--yes", argument], { env }).then(
    () => "pushed",
    (error: Error) => error.message,
  );
}

const refusedSql = (text: string) => stack.database.query(text).then(JSON.stringify, (error: Error) => error.message);

const provocations: Record<string, () => Promise<string>> = {
  "is already in use; stop what listens there": () =>
    script("local/start.ts", "--port", new URL(stack.url).port, "--no-seed"),

  "a stack is already running at": async () => {
    const release = await acquireLock(join(state, "stack.json"), "http://127.0.0.1:1");
    try {
      return await script("local/start.ts", "--port", String(await freePortPair()));
    } finally {
      await release();
    }
  },

  "the embedded database was made with other secrets": async () => {
    // What the first step of npm start makes; where it would keep it elsewhere, this one would start, and time out.
    await chmod(state, 0o711);
    const dataDirectory = join(state, "postgres");
    const password = generateSecrets().databasePassword;
    const first = await startPostgres({ dataDirectory, port: await freePort(), password, disposable: true });
    await first.stop();
    return script("local/start.ts", "--port", String(await freePortPair()));
  },

  "Node.js 20 detected without native WebSocket support": () => {
    // As Node.js 20 is, whichever runs this.
    const program = `
      delete globalThis.WebSocket;
      Object.defineProperty(process, "version", { value: "v20.19.0" });
      Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.19.0" } });
      const { createClient } = await import("@supabase/supabase-js");
      createClient("http://127.0.0.1:1", "sb_publishable_none").channel("any").subscribe();`;
    return sayings(process.execPath, ["--input-type=module", "-e", program]);
  },

  '"code":"unauthenticated"': async () => (await startSession(json)).text(),

  '"code":"forbidden"': async () => {
    const token = await stack.mintToken({ sub: "00000000-0000-4000-8000-000000000001" });
    return (await startSession({ ...json, apikey: stack.publishableKey, authorization: `Bearer ${token}` })).text();
  },

  '"code":"session_exists"': async () => {
    const sdId = await createDirective(stack.database);
    const { session } = (await (await startSession(undefined, sdId)).json()) as { session: { id: string } };
    await stack.call(`exec-sessions/${session.id}/fail`, { body: { reason: "the build broke" } });
    const answer = await startSession(undefined, sdId);
    const text = await answer.text();
    expect(JSON.parse(text)).toMatchObject({ id: session.id, current: "failed", use: "retry" });
    return text;
  },

  '"code":"stale_attempt"': async () => {
    const { session } = (await (await startSession()).json()) as { session: { id: string } };
    const answer = await stack.call(`exec-sessions/${session.id}/complete`, { body: { attempt: 2 } });
    const text = await answer.text();
    expect(JSON.parse(text)).toMatchObject({ attempt: 1 });
    return text;
  },

  "idempotency-replayed: true": async () => {
    const { session } = (await (await startSession()).json()) as { session: { id: string } };
    const headers = { ...json, apikey: stack.secretKey, "idempotency-key": "too early" };
    const complete = () => stack.call(`exec-sessions/${session.id}/complete`, { headers, body: { attempt: 1 } });
    expect((await complete()).status).toBe(409);
    await stack.database.query(
      "update public.exec_quality_checkpoints set is_complete = true, score = 90 where session_id = $1",
      [session.id],
    );
    const again = await complete();
    expect(again.status).toBe(409);
    return [...again.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
  },

  '"code":"idempotency_mismatch"': async () => {
    const headers = { ...json, apikey: stack.secretKey, "idempotency-key": "troubleshooting" };
    await startSession(headers);
    return (await startSession(headers)).text();
  },

  "cannot become": async () => {
    const { session } = (await (await startSession()).json()) as { session: { id: string } };
    await stack.call(`exec-sessions/${session.id}/pause`, {});
    return refusedSql(`update public.exec_implementation_sessions set status = 'completed' where id = '${session.id}'`);
  },

  "permission denied for table": async () => {
    const headers = { apikey: stack.publishableKey };
    const answer = await fetch(`${stack.url}/rest/v1/exec_implementation_sessions`, { headers });
    return answer.text();
  },

  "new row violates row-level security policy": async () => {
    await stack.createUser({ email: "trouble@leo.example" });
    const user = await stack.signIn("trouble@leo.example");
    const company_id = "c0000000-0000-4000-8000-0000000000ff";
    await stack.database.query("insert into public.companies (id, name) values ($1, 'Somebody else')", [company_id]);
    const { error } = await user.from("orchestration_metrics").insert({ company_id });
    return error?.message ?? "";
  },

  "no rows, and no error": async () => {
    await stack.createUser({ email: "nobody@leo.example" });
    const user = await stack.signIn("nobody@leo.example");
    const { data, error } = await user.from("orchestration_metrics").select();
    return data?.length === 0 && error === null ? "no rows, and no error" : JSON.stringify({ data, error });
  },

  "canceling statement due to lock timeout": () =>
    withDatabase(undefined, async (database, client) => {
      // As before the migration that alters a policy of that table, and what came after it.
      await database.query("delete from supabase_migrations.schema_migrations where version >= '20260306000430'");
      await client.query("begin; lock table public.okr_generation_log in access share mode");
      return push(database);
    }),

  "already exists": () =>
    withDatabase(undefined, async (database) => {
      await database.query("delete from supabase_migrations.schema_migrations");
      return push(database);
    }),

  "this server does not have pg_cron": () => refusedSql("select leo.schedule_sweep()"),

  "has no leo.doctor(); apply the migrations": () =>
    withDatabase("nothing", ({ url }) => script("local/doctor.ts", "--db-url", url)),

  "no stack is running here": () => script("local/doctor.ts"),

  "Confirmation required": async () => {
    const { argument, env } = remoteDatabase(stack.database.url);
    return supabaseCli(["db", "query", argument, "select 1"], { env }).then(
      ({ stdout, stderr }) => stdout + stderr,
      (error: Error) => error.message,
    );
  },
};

const section = (await document("README.md")).split("\n## Troubleshooting\n")[1]?.split("\n## ")[0] ?? "";
const rows = [...section.matchAll(/^\| (?!it says|---)`?(.+?)`? \| (.+) \|$/gm)].map(([, said = ""]) => said);

describe("the README's Troubleshooting", () => {
  test("has nothing that is not provoked here", () => {
    expect(rows).toEqual(Object.keys(provocations));
  });

  test.each(rows)(
    "%s",
    async (said) => {
      expect(await provocations[said]?.()).toContain(said);
    },
    120_000,
  );
});
