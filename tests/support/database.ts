import { randomBytes } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";
import { withCredentials, withDatabase } from "../../local/bootstrap.ts";
import { emptyDatabase } from "./remote/empty.ts";
import { bootstrappedTemplate, createDatabase, dropDatabase, headTemplate, templateUpTo } from "./templates.ts";

export interface TestDatabase {
  /** Connection string of role `postgres`, the owner of what migrations make. */
  url: string;
  /** Connection string of the superuser. */
  adminUrl: string;
  /** Runs one statement as `postgres` and returns its rows. */
  query<T = Record<string, unknown>>(text: string, params?: unknown[]): Promise<T[]>;
  /** A connection of its own (as `postgres`), for tests with several transactions; ended by `drop`. */
  connect(): Promise<pg.Client>;
  drop(): Promise<void>;
}

/**
 * A database of the caller's own, cloned from a template in some 50 ms. Where tests run against a given project
 * (`npm run test:remote`), that one's, emptied.
 *
 * @param options.migratedTo a migration's version (14 digits), or "nothing" for a database without any;
 *   the head when left out
 */
export async function createTestDatabase(options: { migratedTo?: string } = {}): Promise<TestDatabase> {
  const remote = inject("remote");
  if (remote) {
    if (options.migratedTo !== undefined) throw new Error("a given project has one state of migrations: the newest");
    const database = opened(remote.databaseUrl, "", async () => {});
    await emptyDatabase(database.query);
    return database;
  }
  const serverUrl = inject("adminUrl");
  const { databasePassword } = inject("secrets");
  const { migratedTo } = options;
  const template =
    migratedTo === undefined
      ? headTemplate
      : migratedTo === "nothing"
        ? bootstrappedTemplate
        : await templateUpTo(serverUrl, databasePassword, migratedTo);
  const name = `leo_test_${randomBytes(6).toString("hex")}`;
  await createDatabase(serverUrl, name, template);

  const adminUrl = withDatabase(serverUrl, name);
  const url = withCredentials(adminUrl, "postgres", databasePassword);
  return opened(url, adminUrl, () => dropDatabase(serverUrl, name));
}

/** @param gone what is left to do once nobody is connected any more */
function opened(url: string, adminUrl: string, gone: () => Promise<void>): TestDatabase {
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  // Connections that a test cuts on purpose, or that `drop` cuts, are no failure of the pool.
  pool.on("error", () => {});
  const clients: pg.Client[] = [];
  return {
    url,
    adminUrl,
    async query<T>(text: string, params?: unknown[]) {
      return (await pool.query(text, params)).rows as T[];
    },
    async connect() {
      const client = new pg.Client({ connectionString: url });
      client.on("error", () => {});
      await client.connect();
      clients.push(client);
      return client;
    },
    async drop() {
      await Promise.all(clients.map((client) => client.end().catch(() => {})));
      await pool.end();
      await gone();
    },
  };
}
