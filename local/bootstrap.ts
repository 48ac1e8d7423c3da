import { readFile } from "node:fs/promises";
import pg from "pg";
import { createAuthSchema } from "./auth-schema.ts";

const bootstrapSql = new URL("./postgres/bootstrap.sql", import.meta.url);

async function run(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

/** Connection string of the same server and database for another role. */
export function withCredentials(url: string, user: string, password: string): string {
  const changed = new URL(url);
  changed.username = user;
  changed.password = encodeURIComponent(password);
  return changed.toString();
}

/** Connection string of the same server and role for another database. */
export function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.toString();
}

/**
 * Prepares a plain PostgreSQL database the way Supabase prepares a project's: roles, grants, schemas, Auth.
 *
 * @param adminUrl connection string of a superuser
 * @param postgresPassword sets the password of role `postgres`; left alone when not given
 */
export async function bootstrapDatabase(adminUrl: string, postgresPassword?: string): Promise<void> {
  // Auth's own definitions of auth.uid() and the like are replaced by those of bootstrap.sql, which also read
  // `request.jwt.claims` as hosted projects do. So: schema and grants first, Auth's tables, then ours again.
  const sql = await readFile(bootstrapSql, "utf8");
  await run(adminUrl, async (client) => {
    await client.query(sql);
    if (postgresPassword !== undefined) {
      await client.query(`alter role postgres password ${client.escapeLiteral(postgresPassword)}`);
    }
  });
  await createAuthSchema(adminUrl);
  await run(adminUrl, async (client) => {
    await client.query(sql);
  });
}
