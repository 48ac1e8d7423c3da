import { readCommandLine } from "./command-line.ts";
import { StackError } from "./stack-error.ts";

export interface StartOptions {
  /** Port of the gateway; the embedded PostgreSQL takes the one after it. */
  port: number;
  /** Forget the embedded database first. */
  reset: boolean;
  /** Use this server instead of the embedded one. */
  databaseUrl: string | null;
  /** Load supabase/seed.sql: true, false, or by itself ("auto"): into a database that held nothing of ours. */
  seed: boolean | "auto";
  /** Seconds between sweeps; 0: never. */
  sweepEvery: number;
  help: boolean;
}

export const help = `Starts the whole stack on this machine: PostgreSQL 17, Auth, Data API and the
edge functions.

Usage: npm start [-- options]

  --port <n>       port of the API on 127.0.0.1 (default 54321); PostgreSQL
                   takes the one after it
  --db-url <url>   use an existing PostgreSQL database instead of the embedded
                   server (also: environment variable DATABASE_URL)
  --reset          forget the embedded database first; keys and passwords stay
  --seed           load the demo data also into a database of --db-url
  --no-seed        load no demo data
  --sweep-every <seconds>
                   how often leo.sweep ends what nobody will end any more,
                   metrics are rolled up and telemetry is analysed
                   (default 60; 0: never)
  --help           this text

Ctrl-C stops everything; the data stay in .local/ for the next start.
`;

const definitions = {
  port: { type: "string" },
  "db-url": { type: "string" },
  reset: { type: "boolean" },
  seed: { type: "boolean" },
  "sweep-every": { type: "string" },
} as const;

function portNumber(text: string): number {
  const port = Number(text);
  // The highest port is left for PostgreSQL, which takes the next one.
  if (!/^\d+$/.test(text) || port < 1 || port > 65534) {
    throw new StackError(`--port takes a number from 1 to 65534, not "${text}"`);
  }
  return port;
}

function seconds(text: string): number {
  const number = Number(text);
  // A timer of Node.js cannot wait longer than 24 days.
  if (!/^\d+$/.test(text) || number > 86_400) {
    throw new StackError(`--sweep-every takes a number of seconds from 0 to 86400, not "${text}"`);
  }
  return number;
}

/**
 * Reads the command line of `npm start`.
 *
 * @throws StackError when an option is unknown or makes no sense
 */
export function parseStartOptions(args: string[], environment: NodeJS.ProcessEnv = process.env): StartOptions {
  const { values } = readCommandLine("npm start", { args, options: definitions, allowNegative: true });
  const databaseUrl = values["db-url"] ?? environment.DATABASE_URL ?? null;
  if (databaseUrl !== null && !/^postgres(ql)?:\/\/./.test(databaseUrl)) {
    throw new StackError("--db-url takes a connection string: postgresql://user:password@host:port/database");
  }
  if (databaseUrl !== null && values.reset) {
    throw new StackError("--reset only forgets the embedded database; empty a database of your own yourself");
  }
  return {
    port: portNumber(values.port ?? "54321"),
    reset: values.reset ?? false,
    databaseUrl,
    seed: values.seed ?? "auto",
    sweepEvery: seconds(values["sweep-every"] ?? "60"),
    help: values.help ?? false,
  };
}
