import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import pg from "pg";
import { withCredentials, withDatabase } from "../../local/bootstrap.ts";
import type { Driver } from "../../local/edge-functions.ts";
import { repositoryRoot } from "../../local/paths.ts";
import { generateSecrets, type LocalSecrets } from "../../local/secrets.ts";
import { createDatabase, dropDatabase } from "../../tests/support/templates.ts";
import type { ServicesOrder, ServicesReport } from "./services-process.ts";

/** A migrated database of one bench. */
export interface BenchDatabase {
  /** Connection string of role `postgres`, the owner of everything. */
  url: string;
  /** Connection string of the superuser. */
  adminUrl: string;
  /** Runs a statement as `postgres`. */
  query<Row = Record<string, unknown>>(text: string, params?: unknown[]): Promise<Row[]>;
  /** The one number that a statement asks for, such as a count. */
  number(text: string, params?: unknown[]): Promise<number>;
}

/** The whole HTTP stack over a database. */
export interface BenchServices {
  /** Of the gateway, which is local only: on Supabase its own gateway is in its place. */
  url: string;
  /** Of the functions themselves, without a gateway before them. */
  functionsUrl: string;
  secrets: LocalSecrets;
  /** Headers of a caller with a secret key. */
  headers: Record<string, string>;
}

/** What a bench is set up with. What it starts here ends with it. */
export interface Lab {
  quick: boolean;
  driver: Driver;
  /** A size of the data set or of the load. */
  size(full: number, quick: number): number;
  /** A new database with every migration, in some 100 ms. */
  database(): Promise<BenchDatabase>;
  services(database: BenchDatabase, functionsEnv?: Record<string, string>): Promise<BenchServices>;
  /** Runs at the end, the last one first. */
  later(work: () => Promise<void>): void;
}

/** A running PostgreSQL with one migrated database, which the others are copies of. */
export interface LabServer {
  /** Connection string of the superuser to the migrated database. */
  adminUrl: string;
  /** Connection string of role `postgres` to the same. */
  url: string;
  driver: Driver;
  quick: boolean;
}

async function openDatabase(server: LabServer, name: string): Promise<BenchDatabase & { close(): Promise<void> }> {
  // Not by the migrated database, which nobody may be connected to while it is copied.
  const maintenanceUrl = withDatabase(server.adminUrl, "template1");
  const template = new URL(server.adminUrl).pathname.slice(1);
  await createDatabase(maintenanceUrl, name, template);
  const adminUrl = withDatabase(server.adminUrl, name);
  const url = withCredentials(adminUrl, "postgres", decodeURIComponent(new URL(server.url).password));
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  const query = async <Row>(text: string, params?: unknown[]) => (await pool.query(text, params)).rows as Row[];
  return {
    url,
    adminUrl,
    query,
    async number(text, params) {
      const [row] = await query<Record<string, unknown>>(text, params);
      return Number(Object.values(row ?? {})[0]);
    },
    async close() {
      await pool.end();
      await dropDatabase(maintenanceUrl, name);
    },
  };
}

async function forkServices(order: ServicesOrder): Promise<{ child: ChildProcess; url: string; functionsUrl: string }> {
  const file = join(repositoryRoot, "bench", "harness", "services-process.ts");
  const child = fork(file, { cwd: repositoryRoot, execArgv: ["--import", "tsx"] });
  const said = new Promise<ServicesReport>((resolve, reject) => {
    child.once("message", (report: ServicesReport) => resolve(report));
    child.once("exit", (code) => reject(new Error(`the services ended with ${code}`)));
  });
  child.send(order);
  const report = await said;
  if ("error" in report) throw new Error(report.error);
  return { child, ...report };
}

let databases = 0;

/** Gives one bench what it needs, and takes it back afterwards. */
export async function withLab<T>(server: LabServer, work: (lab: Lab) => Promise<T>): Promise<T> {
  const undo: (() => Promise<void>)[] = [];
  const lab: Lab = {
    quick: server.quick,
    driver: server.driver,
    size: (full, quick) => (server.quick ? quick : full),
    later: (action) => void undo.push(action),
    async database() {
      databases += 1;
      const database = await openDatabase(server, `leo_bench_${databases}`);
      undo.push(() => database.close());
      return database;
    },
    async services(database, functionsEnv) {
      const secrets = generateSecrets();
      const order = { databaseUrl: database.url, secrets, driver: server.driver, functionsEnv };
      const { child, url, functionsUrl } = await forkServices(order);
      undo.push(async () => {
        const gone = once(child, "exit");
        child.disconnect();
        await gone;
      });
      return { url, functionsUrl, secrets, headers: { apikey: secrets.secretKeys.default as string } };
    },
  };
  try {
    return await work(lab);
  } finally {
    for (const action of undo.reverse()) await action();
  }
}
