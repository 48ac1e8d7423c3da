import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootstrapDatabase, withCredentials } from "./bootstrap.ts";
import { migrate } from "./migrate.ts";
import { freePort } from "./ports.ts";
import type { ServerPackage } from "./postgres/binaries.ts";
import { startPostgres } from "./postgres/server.ts";
import { exitOnSignals } from "./processes.ts";
import { removeFolderNow } from "./remove-folder.ts";

export interface ScratchDatabase {
  /** Connection string of role `postgres`. */
  url: string;
  /** Connection string of the superuser. */
  adminUrl: string;
}

/**
 * Runs `work` against a server and database of its own that are gone afterwards.
 *
 * @param options.migrated applies all migrations with the real CLI first (default), or leaves the database as
 *   Supabase hands it over
 * @param options.disposable whether its commits do without the disk (default)
 * @param options.settings more server settings, as in postgresql.conf
 */
export async function withScratchDatabase<T>(
  work: (database: ScratchDatabase) => Promise<T>,
  options: {
    serverPackage?: ServerPackage;
    migrated?: boolean;
    disposable?: boolean;
    settings?: Record<string, string>;
  } = {},
): Promise<T> {
  const dataDirectory = join(tmpdir(), `leo-scratch-${randomBytes(6).toString("hex")}`);
  const password = randomBytes(12).toString("hex");
  const stopListening = exitOnSignals();
  const removeAtExit = () => removeFolderNow(dataDirectory);
  process.once("exit", removeAtExit);
  const server = await startPostgres({
    dataDirectory,
    port: await freePort(),
    password,
    serverPackage: options.serverPackage,
    disposable: options.disposable ?? true,
    settings: options.settings,
  });
  try {
    await bootstrapDatabase(server.adminUrl, password);
    const url = withCredentials(server.adminUrl, "postgres", password);
    if (options.migrated ?? true) await migrate(url);
    return await work({ url, adminUrl: server.adminUrl });
  } finally {
    await server.stop();
    await rm(dataDirectory, { recursive: true, force: true });
    process.off("exit", removeAtExit);
    stopListening();
  }
}
