import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { withCredentials } from "./bootstrap.ts";
import { chooseDriver, type Driver } from "./edge-functions.ts";
import { acquireLock } from "./lock.ts";
import { migrate } from "./migrate.ts";
import type { StartOptions } from "./options.ts";
import { stateDirectory } from "./paths.ts";
import { requireFreePort } from "./ports.ts";
import { dataVersion, isReachableByOthers, requireOwnFolder } from "./postgres/binaries.ts";
import { type PostgresServer, startPostgres, stopOrphan } from "./postgres/server.ts";
import { serverUser } from "./postgres/server-user.ts";
import { bootstrapIfNeeded, inspectDatabase, seedDatabase, withoutPassword } from "./prepare-database.ts";
import { type LocalSecrets, loadSecrets } from "./secrets.ts";
import { type Services, startServices } from "./services.ts";
import { SHUTDOWN_TIMEOUT_MS } from "./shutdown.ts";
import { StackError } from "./stack-error.ts";
import type { Steps } from "./steps.ts";
import { startSweeper } from "./sweeper.ts";
import { analyzeTelemetry } from "./telemetry.ts";

const postgresMajor = "17";

/** The functions take this long to end, and the gateway a little longer. */
const UNDO_MS = Number(process.env.LEO_SHUTDOWN_TIMEOUT_MS ?? SHUTDOWN_TIMEOUT_MS) + 8_000;

export interface Stack {
  services: Services;
  secrets: LocalSecrets;
  driver: Driver;
  /** Connection string of role `postgres` (or of --db-url). */
  databaseUrl: string;
  /** Resolves with the name of the first part that ends. */
  ended: Promise<string>;
  stop(): Promise<void>;
}

/** Where the embedded cluster lives: in the checkout, or in the temp folder where its server cannot enter that. */
async function clusterDirectory(): Promise<string> {
  const { isSelf, uid } = await serverUser();
  if (isSelf || (await isReachableByOthers(dirname(stateDirectory)))) return join(stateDirectory, "postgres");
  const digest = createHash("sha256").update(stateDirectory).digest("hex").slice(0, 12);
  const folder = join(tmpdir(), `leo-control-plane-${digest}`);
  await requireOwnFolder(folder, [uid, process.getuid?.()]);
  return folder;
}

async function startEmbedded(options: StartOptions, secrets: LocalSecrets): Promise<PostgresServer> {
  const dataDirectory = await clusterDirectory();
  await stopOrphan(dataDirectory);
  if (options.reset) {
    await rm(dataDirectory, { recursive: true, force: true });
    await rm(seedMarker, { force: true });
  }
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

/** Left behind once it is settled whether the embedded database gets the demo data, also when it does not. */
const seedMarker = join(stateDirectory, "seeded");

async function seedIfWanted(options: StartOptions, steps: Steps, databaseUrl: string, password: string): Promise<void> {
  const isEmbedded = options.databaseUrl === null;
  const isWanted = options.seed === "auto" ? isEmbedded && !existsSync(seedMarker) : options.seed;
  if (isWanted) {
    await steps.run(
      "Demo data",
      () => seedDatabase(databaseUrl, password),
      () => "supabase/seed.sql",
    );
  }
  if (isEmbedded) await writeFile(seedMarker, "");
}

/**
 * The settings of the edge functions in this program's environment, which is all of it that they are given.
 * (On a hosted project they are secrets: `supabase secrets set`.)
 */
function functionSettings(): Record<string, string> {
  const settings = Object.entries(process.env).filter(([name]) => /^LEO_(DB_[A-Z_]+|[A-Z]+_TIMEOUT_MS)$/.test(name));
  return Object.fromEntries(settings) as Record<string, string>;
}

/**
 * Each step back gets a limited time: what does not answer any more must not keep the rest from stopping. PostgreSQL
 * is stopped last, when the functions have finished what they had begun.
 */
function undoing(undo: (() => Promise<void>)[]): () => Promise<void> {
  return async () => {
    for (const action of undo.splice(0).reverse()) {
      const timeUp = delay(UNDO_MS, undefined, { ref: true });
      await Promise.race([action().catch(() => {}), timeUp]);
    }
  };
}

/**
 * Starts everything, in order, each step timed. When a step fails, what the steps before it started is stopped.
 *
 * @param log takes what is worth telling later on, a line at a time without its end
 * @throws StackError with one line that says what to do
 */
export async function startStack(options: StartOptions, steps: Steps, log: (line: string) => void): Promise<Stack> {
  const undo: (() => Promise<void>)[] = [];
  const stop = undoing(undo);
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
    let server: PostgresServer | null = null;
    if (options.databaseUrl === null) {
      const embedded = await steps.run(
        "PostgreSQL",
        () => startEmbedded(options, secrets),
        ({ port }) => `127.0.0.1:${port}`,
      );
      undo.push(() => embedded.stop());
      server = embedded;
      adminUrl = embedded.adminUrl;
      databaseUrl = withCredentials(adminUrl, "postgres", secrets.databasePassword);
    } else {
      adminUrl = options.databaseUrl;
      databaseUrl = options.databaseUrl;
    }
    await steps.run(
      "Database",
      async () => {
        const state = await inspectDatabase(adminUrl, options.databaseUrl === null);
        await bootstrapIfNeeded(state, adminUrl, options.databaseUrl === null ? secrets.databasePassword : undefined);
        return state;
      },
      ({ serverVersion, hasTables }) =>
        `PostgreSQL ${serverVersion.split(" ")[0]}, ${hasTables ? "data kept" : "new"}${options.databaseUrl ? `, ${withoutPassword(adminUrl)}` : ""}`,
    );
    await steps.run(
      "Migrations",
      () => migrate(databaseUrl),
      () => "by the Supabase CLI",
    );

    await seedIfWanted(options, steps, databaseUrl, secrets.demoPassword);
    const driver = await choosing;
    const functionsEnv = functionSettings();
    const services = await startServices({
      databaseUrl,
      secrets,
      driver,
      port: options.port,
      functionsEnv,
      step: (title, work) => steps.run(title, work),
    });
    let stopSweeper = async () => {};
    // Both at once: nobody is let in while the sweeper is still at something.
    undo.push(async () => {
      await Promise.all([services.stop(), stopSweeper()]);
    });
    if (options.sweepEvery > 0) {
      const sweeper = startSweeper({
        databaseUrl,
        intervalMs: options.sweepEvery * 1000,
        log,
        analyze: () => analyzeTelemetry(services.url, secrets),
      });
      stopSweeper = () => sweeper.stop();
    }
    const ended = Promise.race([
      services.functions.ended.then(() => "the edge functions"),
      ...(server ? [server.ended.then(() => "PostgreSQL")] : []),
    ]);
    return { services, secrets, driver, databaseUrl, ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
