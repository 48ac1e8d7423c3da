import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { repositoryRoot, stateDirectory } from "./paths.ts";
import { type LocalSecrets, publicJwks } from "./secrets.ts";
import { CUT_MS, SHUTDOWN_TIMEOUT_MS } from "./shutdown.ts";
import { messageOf, StackError } from "./stack-error.ts";

const denoJson = join(repositoryRoot, "functions", "deno.json");
const standIn = join(repositoryRoot, "local", "deno-postgres-stand-in", "mod.ts");

/** The Deno program that npm installed, also where its install script did not run. */
export function denoProgram(): string {
  const { runInstall } = createRequire(import.meta.url)("deno/install_api.cjs") as { runInstall(): string };
  return runInstall();
}

/** Arguments under which Deno takes npm packages from node_modules, as package-lock.json pins them. */
export const denoArguments = ["--no-lock", "--node-modules-dir=manual", `--config=${denoJson}`];

type ImportMap = { imports: Record<string, string> };

/** Which PostgreSQL driver the functions run on. */
export interface Driver {
  /** One line for people. */
  description: string;
  /** File path of the import map to run with, or null to run with functions/deno.json as it is. */
  importMap: string | null;
}

async function canReachJsr(specifier: string): Promise<boolean> {
  return new Promise((resolve) => {
    const limit = { timeout: 4000, env: { ...process.env, NO_COLOR: "1" } };
    execFile(denoProgram(), ["cache", "--no-lock", "--no-config", specifier], limit, (error) => resolve(!error));
  });
}

/**
 * Decides which driver the functions run on here. Deployed functions run on deno-postgres from JSR; where JSR
 * cannot be reached, a stand-in with the same surface over npm's `pg` takes its place, by an import map that
 * differs from functions/deno.json in this one entry.
 *
 * The environment variable LEO_POSTGRES_DRIVER decides otherwise: `jsr`, `stand-in`, or the path of a JSON file
 * `{"imports": {…}}` with entries that lead to a copy of the driver.
 */
export async function chooseDriver(choice: string = process.env.LEO_POSTGRES_DRIVER ?? "auto"): Promise<Driver> {
  const deployed = JSON.parse(await readFile(denoJson, "utf8")) as ImportMap;
  const jsr = deployed.imports["@db/postgres"];
  if (jsr === undefined) throw new StackError("functions/deno.json no longer maps @db/postgres");
  if (choice === "jsr" || (choice === "auto" && (await canReachJsr(jsr)))) {
    return { description: `deno-postgres (${jsr})`, importMap: null };
  }
  let entries: Record<string, string>;
  let description: string;
  if (choice === "auto" || choice === "stand-in") {
    entries = { "@db/postgres": pathToFileURL(standIn).href, pg: await npmSpecifier("pg") };
    description = `stand-in over npm:pg${choice === "auto" ? " (JSR cannot be reached from here)" : ""}`;
  } else {
    try {
      entries = (JSON.parse(await readFile(choice, "utf8")) as ImportMap).imports;
    } catch (error) {
      throw new StackError(
        `LEO_POSTGRES_DRIVER has to be auto, jsr, stand-in or the path of a JSON file with imports: ${messageOf(error)}`,
      );
    }
    description = `driver of ${choice}`;
  }
  const text = JSON.stringify({ imports: { ...deployed.imports, ...entries } }, null, 2);
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 12);
  const importMap = join(stateDirectory, `import-map-${digest}.json`);
  await mkdir(stateDirectory, { recursive: true });
  await writeFile(`${importMap}.${process.pid}`, text);
  await rename(`${importMap}.${process.pid}`, importMap);
  return { description, importMap };
}

async function npmSpecifier(name: string): Promise<string> {
  const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
  const { version } = JSON.parse(await readFile(manifest, "utf8")) as { version: string };
  return `npm:${name}@${version}`;
}

export interface EdgeFunctionsOptions {
  /** Base URL under which clients reach the stack, as in SUPABASE_URL. */
  supabaseUrl: string;
  /** Connection string of role `postgres`, as in SUPABASE_DB_URL. */
  databaseUrl: string;
  secrets: LocalSecrets;
  driver: Driver;
  /** More environment variables for the functions (the LEO_… settings). */
  env?: Record<string, string>;
  /** Receives each line the functions log. */
  onLog?: (line: string) => void;
}

export interface EdgeFunctions {
  port: number;
  names: string[];
  child: ChildProcess;
  /** Resolves when the process has ended, for whatever reason. */
  ended: Promise<void>;
  /** Lets requests that were begun finish, within LEO_SHUTDOWN_TIMEOUT_MS, then ends the process. */
  stop(): Promise<void>;
}

/** Runs every function of functions/ in one Deno process with the environment they find on Supabase. */
export async function startEdgeFunctions(options: EdgeFunctionsOptions): Promise<EdgeFunctions> {
  const { secrets, driver } = options;
  // It ends by itself before that, unless nothing in it moves any more.
  const killAfterMs = Number(options.env?.LEO_SHUTDOWN_TIMEOUT_MS ?? SHUTDOWN_TIMEOUT_MS) + CUT_MS + 1_000;
  const args = ["run", "--no-prompt", ...denoArguments];
  if (driver.importMap) args.push("--cached-only", `--import-map=${driver.importMap}`);
  // A request's signal tells of a client that went away only; without it Deno warns of what it does instead.
  args.push("--unstable-no-legacy-abort");
  args.push("--allow-env", "--allow-net", "--allow-sys", `--allow-read=${repositoryRoot}`);
  args.push(join(repositoryRoot, "local", "functions-server.ts"));

  const child = spawn(denoProgram(), args, {
    cwd: repositoryRoot,
    // Only what they find on Supabase: what else this shell's environment holds is none of their business.
    env: {
      ...Object.fromEntries(
        ["PATH", "HOME", "DENO_DIR", "TMPDIR", "SystemRoot", "LOCALAPPDATA"].map((name) => [name, process.env[name]]),
      ),
      NO_COLOR: "1",
      DENO_NO_UPDATE_CHECK: "1",
      SUPABASE_URL: options.supabaseUrl,
      SUPABASE_DB_URL: options.databaseUrl,
      SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: secrets.publishableKey }),
      SUPABASE_SECRET_KEYS: JSON.stringify(secrets.secretKeys),
      SUPABASE_JWKS: JSON.stringify(publicJwks(secrets)),
      ...options.env,
    },
    // stdin stays open as long as this process lives; the server ends when it closes.
    stdio: ["pipe", "pipe", "pipe"],
    detached: process.platform !== "win32",
  });
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const recent: string[] = [];
  const note = (line: string) => {
    recent.push(line);
    if (recent.length > 20) recent.shift();
    options.onLog?.(line);
  };
  createInterface({ input: child.stderr }).on("line", note);

  const ready = await new Promise<{ port: number; functions: string[] }>((resolve, reject) => {
    const lines = createInterface({ input: child.stdout });
    lines.on("line", (line) => {
      if (line.startsWith('{"ready":true')) resolve(JSON.parse(line));
      else note(line);
    });
    child.once("error", (error) => reject(new StackError(`Deno could not be started: ${error.message}`)));
    gone.then(() => reject(new StackError(`the edge functions did not start: ${recent.slice(-6).join(" · ")}`)));
  });

  return {
    port: ready.port,
    names: ready.functions,
    child,
    ended: gone,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGTERM");
        const force = setTimeout(() => child.kill("SIGKILL"), killAfterMs);
        await gone;
        clearTimeout(force);
      }
    },
  };
}
