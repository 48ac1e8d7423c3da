import { createHash } from "node:crypto";
import { chmod, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withCredentials } from "./bootstrap.ts";
import { chooseDriver, type Driver } from "./edge-functions.ts";
import { acquireLock } from "./lock.ts";
import { migrate } from "./migrate.ts";
import type { StartOptions } from "./options.ts";
import { repositoryRoot, stateDirectory } from "./paths.ts";
import { requireFreePort } from "./ports.ts";
import { dataVersion, isReachableByOthers } from "./postgres/binaries.ts";
import { type PostgresServer, startPostgres, stopOrphan } from "./postgres/server.ts";
import { serverUser } from "./postgres/server-user.ts";
import { bootstrapIfNeeded, inspectDatabase, seedDatabase } from "./prepare-database.ts";
import { type LocalSecrets, loadSecrets } from "./secrets.ts";
import { type Services, startServices } from "./services.ts";
import { StackError } from "./stack-error.ts";
import type { Steps } from "./steps.ts";

const postgresMajor = "17";

export interface Stack {
  services: Services;
  secrets: LocalSecrets;
  driver: Driver;
  /** Connection string of role `postgres` (or of --db-url). */
  databaseUrl: string;
  stop(): Promise<void>;
}

/** Where the embedded cluster lives: in the checkout, or in the temp folder where its server cannot enter that. */
async function clusterDirectory(): Promise<string> {
  const { isSelf } = await serverUser();
  if (isSelf || (await isReachableByOthers(repositoryRoot))) return join(stateDirectory, "postgres");
  const digest = createHash("sha256").update(repositoryRoot).digest("hex").slice(0, 12);
  return join(tmpdir(), `leo-control-plane-${digest}`);
}

async function startEmbedded(options: StartOptions, secrets: LocalSecrets): Promise<PostgresServer> {
  const dataDirectory = await clusterDirectory();
  await stopOrphan(dataDirectory);
  if (options.reset) await rm(dataDirectory, { recursive: true, force: true });
  const found = await dataVersion(dataDirectory);
  if (found !== null && found !== postgresMajor) {
    throw new StackError(`${dataDirectory} holds data of PostgreSQL ${found}; begin anew with npm start -- --reset`);
  }
  const port = options.port + 1;
  await requireFreePort(port, "PostgreSQL", "--port");
  // The server's user has to get through this folder; the secrets in it keep their own mode.
  await chmod(stateDirectory, 0o711);
  return startPostgres({ dataDirectory, port, password: secrets.databasePassword });
}

/**
 * Starts everything, in order, each step timed. When a step fails, what the steps before it started is stopped.
 *
 * @throws StackError with one line that says what to do
 */
export async function startStack(options: StartOptions, steps: Steps): Promise<Stack> {
  const undo: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const action of undo.splice(0).reverse()) await action();
  };
  try {
    const url = `http://127.0.0.1:${options.port}`;
    if (options.databaseUrl === null) undo.push(await acquireLock(join(stateDirectory, "stack.json"), url));
    await requireFreePort(options.port, "the API", "--port");
    const secrets = await loadSecrets(join(stateDirectory, "secrets.json"));
    const choosing = chooseDriver();
    // Looked up while the server starts; a failure is reported where it is awaited.
    choosing.catch(() => {});

    let adminUrl: string;
    let databaseUrl: string;
    if (options.databaseUrl === null) {
      const server = await steps.run(
        "PostgreSQL",
        () => startEmbedded(options, secrets),
        ({ port }) => `127.0.0.1:${port}`,
      );
      undo.push(() => server.stop());
      adminUrl = server.adminUrl;
      databaseUrl = withCredentials(adminUrl, "postgres", secrets.databasePassword);
    } else {
      adminUrl = options.databaseUrl;
      databaseUrl = options.databaseUrl;
    }
    const before = await steps.run(
      "Database",
      async () => {
        const state = await inspectDatabase(adminUrl);
        await bootstrapIfNeeded(state, adminUrl, options.databaseUrl === null ? secrets.databasePassword : undefined);
        return state;
      },
      ({ serverVersion, hasTables }) => `PostgreSQL ${serverVersion.split(" ")[0]}, ${hasTables ? "data kept" : "new"}`,
    );
    await steps.run(
      "Migrations",
      () => migrate(databaseUrl),
      () => "by the Supabase CLI",
    );

    const isOurs = options.databaseUrl === null;
    if (options.seed === true || (options.seed === "auto" && isOurs && !before.hasTables)) {
      await steps.run(
        "Demo data",
        () => seedDatabase(databaseUrl, secrets.demoPassword),
        () => "supabase/seed.sql",
      );
    }
    const driver = await choosing;
    const services = await startServices({
      databaseUrl,
      secrets,
      driver,
      port: options.port,
      step: (title, work) => steps.run(title, work),
    });
    undo.push(() => services.stop());
    return { services, secrets, driver, databaseUrl, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
