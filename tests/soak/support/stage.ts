/** What is put to the test: a PostgreSQL server whose commits are durable, and the functions, both to be killed. */

import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import { bootstrapDatabase, withCredentials } from "../../../local/bootstrap.ts";
import { chooseDriver, type EdgeFunctions, startEdgeFunctions } from "../../../local/edge-functions.ts";
import { migrate } from "../../../local/migrate.ts";
import { freePort } from "../../../local/ports.ts";
import { type PostgresServer, startPostgres } from "../../../local/postgres/server.ts";
import { generateSecrets } from "../../../local/secrets.ts";
import type { Database } from "../../model/support/database.ts";
import { Wires } from "./http.ts";

/** Connections of the functions. */
export const POOL_SIZE = 5;
/** Small, so that a run has room for many faults. */
export const STATEMENT_TIMEOUT_MS = 1_000;

const functionsEnv = {
  LEO_DB_POOL_SIZE: String(POOL_SIZE),
  LEO_DB_STATEMENT_TIMEOUT_MS: String(STATEMENT_TIMEOUT_MS),
  LEO_DB_ACQUIRE_TIMEOUT_MS: "1000",
  LEO_DB_CONNECT_TIMEOUT_MS: "1000",
};

export interface Stage {
  wires: Wires;
  secretKeys: string[];
  /** The observer's own way to the database, as its owner; not to be asked while the server is dead. */
  database: Database;
  /** A connection of the caller's own, to hold locks with. */
  connect(): Promise<pg.Client>;
  /** kill -9 of the server and all of its processes; resolves once another one accepts connections. */
  killPostgres(): Promise<void>;
  /** kill -9 of the functions' process; resolves once another one listens. */
  killFunctions(): Promise<void>;
}

/** Ids of the children of a process that still run, and the process itself. */
async function family(pid: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid=,stat="]);
  const rows = stdout.split("\n").map((line) => line.trim().split(/\s+/));
  return rows
    .filter(([own, parent, state]) => !state?.startsWith("Z") && (Number(own) === pid || Number(parent) === pid))
    .map(([own]) => Number(own));
}

const kill = (pid: number) => {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has gone by itself.
  }
};

/** The postmaster first, stopped before anybody is counted, so that it begins nobody meanwhile. */
async function killFamily(pid: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  const members = await family(pid);
  kill(pid);
  for (const member of members) kill(member);
  for (;;) {
    const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,stat="]);
    const left = stdout.split("\n").map((line) => line.trim().split(/\s+/));
    if (!left.some(([id, state]) => members.includes(Number(id)) && !state?.startsWith("Z"))) return;
    await delay(10);
  }
}

/** Runs `work` on a stage of its own, which is gone afterwards. */
export async function withStage<T>(work: (stage: Stage) => Promise<T>): Promise<T> {
  const dataDirectory = join(tmpdir(), `leo-soak-${randomBytes(6).toString("hex")}`);
  const removeAtExit = () => {
    try {
      rmSync(dataDirectory, { recursive: true, force: true, maxRetries: 5 });
    } catch {
      // A server that is still about to end writes into it; those who end it come after this.
    }
  };
  process.once("exit", removeAtExit);
  const secrets = generateSecrets();
  const password = secrets.databasePassword;
  const driver = await chooseDriver();
  const serverOptions = { dataDirectory, port: await freePort(), password, disposable: false };
  let server: PostgresServer | undefined;
  let functions: EdgeFunctions | undefined;
  let pool: pg.Pool | undefined;
  let wires: Wires | undefined;
  try {
    server = await startPostgres(serverOptions);
    await bootstrapDatabase(server.adminUrl, password);
    const url = withCredentials(server.adminUrl, "postgres", password);
    await migrate(url);
    const port = await freePort();
    const startFunctions = () =>
      startEdgeFunctions({
        supabaseUrl: "http://127.0.0.1:9",
        databaseUrl: url,
        secrets,
        driver,
        env: { ...functionsEnv, LEO_FUNCTIONS_PORT: String(port) },
      });
    functions = await startFunctions();
    const own = new pg.Pool({ connectionString: url, max: 3, application_name: "leo-soak" });
    pool = own;
    // Cut by kills, and made anew when they are needed.
    own.on("error", () => {});
    wires = new Wires(port);
    return await work({
      wires,
      secretKeys: Object.values(secrets.secretKeys),
      database: {
        async query<R>(text: string, params?: unknown[]) {
          return (await own.query(text, params)).rows as R[];
        },
      },
      async connect() {
        const client = new pg.Client({ connectionString: url, application_name: "leo-soak" });
        client.on("error", () => {});
        await client.connect();
        return client;
      },
      async killPostgres() {
        const [pid] = (await readFile(join(dataDirectory, "postmaster.pid"), "utf8")).split("\n");
        await killFamily(Number(pid));
        await server?.ended;
        server = await startPostgres(serverOptions);
      },
      async killFunctions() {
        functions?.child.kill("SIGKILL");
        await functions?.ended;
        functions = await startFunctions();
      },
    });
  } finally {
    wires?.close();
    await functions?.stop();
    await pool?.end();
    await server?.stop();
    await rm(dataDirectory, { recursive: true, force: true });
    process.off("exit", removeAtExit);
  }
}
