import { App } from "@supabase/lite";
import { createPostgresConnection } from "@supabase/lite/postgres";

/**
 * Makes the tables of Auth (`auth.users` and what belongs to it) with the local Auth server's own definitions.
 *
 * @param adminUrl connection string of a role that owns schema `auth`
 */
export async function createAuthSchema(adminUrl: string): Promise<void> {
  const connection = createPostgresConnection({ url: adminUrl, postgresOptions: { max: 1, onnotice: () => {} } });
  try {
    const app = new App({
      connection,
      auth: { enabled: true, jwt_secret: "not used to create tables" },
      db: { migrations: { enabled: false } },
    });
    await app.ensureSystemSchema();
  } finally {
    await connection.close();
  }
}
