import { readCommandLine } from "./command-line.ts";
import { StackError } from "./stack-error.ts";

export interface DoctorOptions {
  /** The database to examine; null: that of the running local stack. */
  databaseUrl: string | null;
  /** How many rows of each problem are named. */
  rows: number;
  help: boolean;
}

export const doctorHelp = `Names what is stuck, orphaned or contradictory in a database, and how to mend
it. It changes nothing: the statements that it prints are for you to run.

Usage: npm run doctor [-- options]

  --db-url <url>   the database to examine, as role postgres (also: environment
                   variable DATABASE_URL); otherwise that of the running stack
  --rows <n>       how many rows to name of each problem (default 20)
  --help           this text

Exit code: 0 nothing found, 1 something found, 2 it could not be examined.
`;

const definitions = {
  "db-url": { type: "string" },
  rows: { type: "string" },
} as const;

/**
 * Reads the command line of `npm run doctor`.
 *
 * @throws StackError when an option is unknown or makes no sense
 */
export function parseDoctorOptions(args: string[], environment: NodeJS.ProcessEnv = process.env): DoctorOptions {
  const { values } = readCommandLine("npm run doctor", { args, options: definitions });
  const databaseUrl = values["db-url"] ?? environment.DATABASE_URL ?? null;
  if (databaseUrl !== null && !(/^postgres(ql)?:\/\/./.test(databaseUrl) && URL.canParse(databaseUrl))) {
    throw new StackError("--db-url takes a connection string: postgresql://user:password@host:port/database");
  }
  const rows = values.rows ?? "20";
  if (!/^\d{1,6}$/.test(rows) || Number(rows) < 1) {
    throw new StackError(`--rows takes a number from 1 to 999999, not "${rows}"`);
  }
  return { databaseUrl, rows: Number(rows), help: values.help ?? false };
}
