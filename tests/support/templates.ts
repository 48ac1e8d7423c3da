import { cp, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { withCredentials, withDatabase } from "../../local/bootstrap.ts";
import { migrate } from "../../local/migrate.ts";
import { repositoryRoot } from "../../local/paths.ts";

/** A database as Supabase hands a project over: roles, schemas, Auth; no migration applied. */
export const bootstrappedTemplate = "leo_bootstrapped";
/** The same with every migration applied. */
export const headTemplate = "leo_head";

async function withAdmin<T>(adminUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Makes a database owned by `postgres` (or by the caller where that role is not there yet). */
export async function createDatabase(adminUrl: string, name: string, template = "template0"): Promise<void> {
  await withAdmin(adminUrl, async (client) => {
    const { rows } = await client.query("select to_regrole('postgres') is not null as exists");
    const owner = rows[0].exists ? "owner postgres" : "";
    await client.query(`create database ${client.escapeIdentifier(name)} template ${template} ${owner}`);
  });
}

/** Drops a database together with whatever is still connected to it. */
export async function dropDatabase(adminUrl: string, name: string): Promise<void> {
  await withAdmin(adminUrl, (client) =>
    client.query(`drop database if exists ${client.escapeIdentifier(name)} with (force)`),
  );
}

/** A folder with this project's `supabase/` in which only the migrations up to a version are left. */
async function projectUpTo(version: string): Promise<string> {
  const workdir = await mkdtemp(join(tmpdir(), "leo-migrations-"));
  const source = join(repositoryRoot, "supabase");
  const target = join(workdir, "supabase");
  await mkdir(join(target, "migrations"), { recursive: true });
  await cp(join(source, "config.toml"), join(target, "config.toml"));
  const files = (await readdir(join(source, "migrations"))).filter((file) => file.slice(0, 14) <= version);
  if (!files.some((file) => file.startsWith(version))) throw new Error(`there is no migration ${version}`);
  for (const file of files) await cp(join(source, "migrations", file), join(target, "migrations", file));
  return workdir;
}

/** The template migrated up to a version, made by the real CLI when first asked for. */
export async function templateUpTo(adminUrl: string, password: string, version: string): Promise<string> {
  const name = `leo_up_to_${version}`;
  return withAdmin(adminUrl, async (client) => {
    // Test files run in several processes: the first one makes the template, the others wait for it.
    await client.query("select pg_advisory_lock(hashtext($1))", [name]);
    const { rowCount } = await client.query("select from pg_database where datname = $1", [name]);
    if (rowCount) return name;
    await createDatabase(adminUrl, name, bootstrappedTemplate);
    const workdir = await projectUpTo(version);
    try {
      await migrate(withCredentials(withDatabase(adminUrl, name), "postgres", password), workdir);
    } catch (error) {
      await dropDatabase(adminUrl, name);
      throw error;
    } finally {
      await rm(workdir, { recursive: true, force: true });
    }
    return name;
  });
}
