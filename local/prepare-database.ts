import { readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { bootstrapDatabase } from "./bootstrap.ts";
import { repositoryRoot } from "./paths.ts";
import { messageOf, StackError } from "./stack-error.ts";

/** What is known of a database before anything is done to it. */
export interface DatabaseState {
  /** "17.10" and the like. */
  serverVersion: string;
  /** Whether Supabase (or an earlier start) has prepared it: roles, Auth. */
  isBootstrapped: boolean;
  /** Whether one of the documented tables is there. */
  hasTables: boolean;
}

/** Connection string without its password, for messages. */
export function withoutPassword(url: string): string {
  const shown = new URL(url);
  if (shown.password) shown.password = "***";
  return shown.toString();
}

/**
 * Runs `work` with a connection of its own.
 *
 * @throws StackError when the database cannot be reached
 */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  // A connection that breaks fails the query too, which is where it is dealt with.
  client.on("error", () => {});
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => {});
    const said = messageOf(error) || (error as NodeJS.ErrnoException).code || "no answer";
    throw new StackError(
      `the database ${withoutPassword(url)} cannot be reached (${said}); check that it runs, and user and password`,
    );
  }
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/**
 * @param isEmbedded whether it is the stack's own database, which takes no other password than the stack's
 * @throws StackError when the database cannot be reached
 */
export async function inspectDatabase(url: string, isEmbedded: boolean): Promise<DatabaseState> {
  try {
    return await inspect(url);
  } catch (error) {
    if (!isEmbedded || !messageOf(error).includes("password authentication failed")) throw error;
    throw new StackError(
      "the embedded database was made with other secrets than those in .local/secrets.json; " +
        "put that file back, or begin anew with npm start -- --reset",
    );
  }
}

function inspect(url: string): Promise<DatabaseState> {
  return withClient(url, async (client) => {
    const { rows } = await client.query(`
      select current_setting('server_version') as "serverVersion",
             (to_regrole('service_role') is not null and to_regclass('auth.users') is not null) as "isBootstrapped",
             to_regclass('public.exec_implementation_sessions') is not null as "hasTables"`);
    return rows[0] as DatabaseState;
  });
}

/**
 * Prepares a database that Supabase has not prepared.
 *
 * @throws StackError when the role of the connection string may not do that
 */
export async function bootstrapIfNeeded(state: DatabaseState, adminUrl: string, password?: string): Promise<void> {
  if (state.isBootstrapped) return;
  try {
    await bootstrapDatabase(adminUrl, password);
  } catch (error) {
    throw new StackError(
      `the database ${withoutPassword(adminUrl)} could not be prepared (${messageOf(error)}); ` +
        "connect as a superuser once, who may make roles and schemas",
    );
  }
}

/**
 * Loads supabase/seed.sql in one transaction and lets its people sign in with the demo password.
 *
 * @throws StackError with the place of the error; nothing of the seed is kept then
 */
export async function seedDatabase(url: string, demoPassword: string): Promise<void> {
  const sql = await readFile(join(repositoryRoot, "supabase", "seed.sql"), "utf8");
  await withClient(url, async (client) => {
    try {
      await client.query("begin");
      await client.query(sql);
      await client.query("commit");
    } catch (error) {
      await client.query("rollback").catch(() => {});
      throw new StackError(`supabase/seed.sql could not be loaded: ${messageOf(error)}`);
    }
    await setDemoPassword(client, demoPassword);
  });
}

/** The seed's people carry no password; only the local stack knows the one they get here. */
async function setDemoPassword(client: pg.Client, demoPassword: string): Promise<void> {
  await client.query(
    `update auth.users set encrypted_password = extensions.crypt($1, extensions.gen_salt('bf', 8))
     where email like '%.example' and coalesce(encrypted_password, '') = ''`,
    [demoPassword],
  );
}

/** A user who can sign in with the demo password. */
export interface DemoUser {
  email: string;
  /** What the user may do, in a few words. */
  access: string;
}

/** The seed's people as they are in the database, with what each may do. */
export function demoUsers(url: string): Promise<DemoUser[]> {
  return withClient(url, async (client) => {
    const { rows } = await client.query(`
      select u.email,
             concat_ws(', ',
               u.raw_app_meta_data ->> 'leo_role',
               string_agg(a.access_level || ' of ' || c.name || case when a.is_active then '' else ' (inactive)' end,
                          ', ' order by c.name)) as access
      from auth.users u
      left join public.user_company_access a on a.user_id = u.id
      left join public.companies c on c.id = a.company_id
      where u.email like '%.example'
      group by u.id, u.email, u.raw_app_meta_data
      order by u.email`);
    return rows as DemoUser[];
  });
}

/** Id of an SD for which a session can be started right now, or null. */
export function startableDirective(url: string): Promise<string | null> {
  return withClient(url, async (client) => {
    const { rows } = await client.query(`
      select sd.id from public.strategic_directives_v2 sd
      where sd.current_phase = 'EXEC_IMPLEMENTATION' and sd.is_active
        and not exists (select from public.exec_implementation_sessions s where s.sd_id = sd.id)
      order by sd.sequence_rank limit 1`);
    return (rows[0]?.id as string | undefined) ?? null;
  });
}
