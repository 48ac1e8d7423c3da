import type { TestDatabase } from "./database.ts";

/** Who can be made to sign in. */
export interface NewUser {
  email: string;
  id?: string;
  /** `raw_app_meta_data`, where `leo_role` is. */
  appMetadata?: Record<string, unknown>;
}

/** Makes a user who can sign in with a password, as supabase/seed.sql makes its people; returns the id. */
export async function insertUser(database: TestDatabase, user: NewUser, password: string): Promise<string> {
  const { id, email, appMetadata = {} } = user;
  // Supabase's Auth server does not read a user whose tokens are null.
  const [row] = await database.query<{ id: string }>(
    `insert into auth.users
       (id, email, encrypted_password, email_confirmed_at, raw_app_meta_data, raw_user_meta_data, aud, role,
        confirmation_token, recovery_token, email_change, email_change_token_new, created_at, updated_at)
     values (coalesce($1, gen_random_uuid()), $2, extensions.crypt($3, extensions.gen_salt('bf', 4)), now(), $4, '{}',
             'authenticated', 'authenticated', '', '', '', '', now(), now())
     returning id`,
    [id ?? null, email, password, JSON.stringify(appMetadata)],
  );
  if (!row) throw new Error(`${email} was not made`);
  // It finds users by this column; the Auth of the local stack has none of that name.
  const columns = await database.query(
    `select from pg_attribute
     where attrelid = 'auth.users'::regclass and attname = 'instance_id' and not attisdropped`,
  );
  if (columns.length > 0) {
    const nobody = "00000000-0000-0000-0000-000000000000";
    await database.query("update auth.users set instance_id = $2 where id = $1", [row.id, nobody]);
  }
  return row.id;
}
