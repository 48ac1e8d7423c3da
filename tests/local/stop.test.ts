import { readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { repositoryRoot } from "../../local/paths.ts";
import { createDirective } from "../functions/support/directives.ts";
import { freePortPair, type StartCommand, startCommand, temporaryState } from "../support/start-command.ts";

/** Asks for a session of no directive: a call that came in too early would else wait for the lock, too, and be cut. */
const knocking = { sd_id: "SD-NONE", implementation_type: "UI_COMPONENT" };

/** A busy machine is no failure. */
const patiently = { timeout: 20_000 };

let state: Awaited<ReturnType<typeof temporaryState>>;
let command: StartCommand | undefined;
const clients: pg.Client[] = [];

beforeEach(async () => {
  state = await temporaryState();
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client.end().catch(() => {});
  if (command && command.child.exitCode === null) {
    command.child.kill("SIGINT");
    await command.exit;
  }
  await state.remove();
});

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  clients.push(client);
  return client;
}

/** `npm start` with a request under way that waits for a lock, which `holder` has. */
async function busyStack(env: Record<string, string>) {
  const port = await freePortPair();
  command = startCommand(state.directory, ["--port", String(port), "--no-seed"], repositoryRoot, env);
  await command.ready;
  const secrets = JSON.parse(await readFile(join(state.directory, "secrets.json"), "utf8"));
  const databaseUrl = `postgresql://postgres:${secrets.databasePassword}@127.0.0.1:${port + 1}/postgres`;
  const [holder, watcher] = [await connect(databaseUrl), await connect(databaseUrl)];
  const sdId = await createDirective({ query: async (text, params) => (await holder.query(text, params)).rows });
  await holder.query("begin");
  await holder.query("select from public.strategic_directives_v2 where id = $1 for update", [sdId]);

  const call = (path: string, body: object) =>
    fetch(`http://127.0.0.1:${port}/functions/v1/${path}`, {
      method: "POST",
      headers: { apikey: secrets.secretKeys.default, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const answer = call("exec-sessions", { sd_id: sdId, implementation_type: "UI_COMPONENT" });
  answer.catch(() => {});
  const waiting = async () =>
    (
      await watcher.query(
        "select from pg_stat_activity where application_name = 'leo-functions' and wait_event_type = 'Lock'",
      )
    ).rowCount;
  await expect.poll(waiting, patiently).toBe(1);
  return { command, holder, answer, sdId, call, databaseUrl };
}

test("a request under way when npm start is told to end is finished and answered, and new ones are sent away", async () => {
  const { command, holder, answer, call } = await busyStack({});
  // One Ctrl-C, as npm hands it on: another signal, as two of the same could come as one.
  command.child.kill("SIGINT");
  command.child.kill("SIGTERM");
  const knock = async () => {
    const response = await call("exec-sessions", knocking);
    return [response.status, response.headers.get("retry-after")];
  };
  await expect.poll(knock, patiently).toEqual([503, "1"]);
  // The database is there until the functions need it no more.
  await holder.query("commit");
  const response = await answer;
  expect(response.status).toBe(201);
  expect(await response.json()).toMatchObject({ attempt: 1, session: { status: "active" } });
  expect(await command.exit).toBe(0);
}, 120_000);

test("one that does not end is cut after LEO_SHUTDOWN_TIMEOUT_MS, and leaves nothing behind", async () => {
  const { command, answer, sdId } = await busyStack({ LEO_SHUTDOWN_TIMEOUT_MS: "300" });
  command.child.kill("SIGINT");
  expect((await answer).status).toBe(503);
  expect(await command.exit).toBe(0);

  const port = await freePortPair();
  const again = startCommand(state.directory, ["--port", String(port), "--no-seed"]);
  try {
    await again.ready;
    const { databasePassword } = JSON.parse(await readFile(join(state.directory, "secrets.json"), "utf8"));
    const client = await connect(`postgresql://postgres:${databasePassword}@127.0.0.1:${port + 1}/postgres`);
    const { rows } = await client.query("select from public.exec_implementation_sessions where sd_id = $1", [sdId]);
    expect(rows).toEqual([]);
  } finally {
    again.child.kill("SIGINT");
    await again.exit;
  }
}, 120_000);

test("whoever tells it twice does not wait for what is under way", async () => {
  const { command, answer, call } = await busyStack({ LEO_SHUTDOWN_TIMEOUT_MS: "600000" });
  command.child.kill("SIGINT");
  const knock = () => call("exec-sessions", knocking);
  await expect.poll(async () => (await knock()).status, patiently).toBe(503);
  // Until it is late enough to be another stroke of the key.
  const strokes = setInterval(() => command.child.kill("SIGINT"), 100);
  try {
    expect((await answer).status).toBe(503);
    expect(await command.exit).toBe(0);
  } finally {
    clearInterval(strokes);
  }
}, 120_000);
