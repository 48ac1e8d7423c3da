import { cpus } from "node:os";
import { driverLoad, driverVersion } from "./driver-load.ts";
import { pgbenchLoad, pgbenchVersion } from "./pgbench.ts";
import type { LoadFigures } from "./stats.ts";

/** Statements that clients send one after the other, each on a connection of its own, prepared. */
export interface SqlLoad {
  url: string;
  clients: number;
  /** Whole ones: pgbench knows no others. */
  seconds: number;
  /** Sent one after the other, over and over, each counted as one operation. `:name` is a variable. */
  statements: string[];
  variables?: Record<string, string>;
  /** Asked once by each client, which is `:client_id` (from 0): the columns of its row become variables. */
  first?: string;
}

/** Runs a load with pgbench; with the fastest driver at hand where pgbench is not installed. */
export async function sqlLoad(load: SqlLoad): Promise<LoadFigures> {
  return (await pgbenchVersion()) ? pgbenchLoad(load, Math.min(load.clients, cpus().length)) : driverLoad(load);
}

/** What sends the statements, with its version. */
export async function sqlLoadProgram(): Promise<string> {
  return (await pgbenchVersion()) ?? `${driverVersion()} (pgbench is not installed)`;
}
