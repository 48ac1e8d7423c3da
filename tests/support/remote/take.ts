import { randomUUID } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { repositoryRoot } from "../../../local/paths.ts";
import { withoutPassword } from "../../../local/prepare-database.ts";
import { messageOf } from "../../../local/stack-error.ts";
import { catalogueSnapshot, ownTables, rowsOf } from "../catalogue-snapshot.ts";
import { emptyDatabase, holdsRows, type Query, takenBack } from "./empty.ts";
import { pauseJobs, requireJobsAtWork } from "./jobs.ts";
import type { RemoteProject } from "./project.ts";

/** For functions that are compiled, and their packages fetched, when they are first called. */
const BOOT_MS = 120_000;

async function connect(databaseUrl: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 15_000 });
  // Lost, it fails what is asked next.
  client.on("error", () => {});
  await client.connect().catch((error: unknown) => {
    throw new Error(`LEO_TEST_DB_URL, ${withoutPassword(databaseUrl)}, cannot be reached: ${messageOf(error)}`);
  });
  return client;
}

const queryOf =
  (client: pg.Client): Query =>
  async (text, params) =>
    (await client.query(text, params)).rows;

async function requireMigrations(query: Query): Promise<void> {
  const files = (await readdir(join(repositoryRoot, "supabase", "migrations"))).sort();
  const newest = files.at(-1)?.slice(0, 14);
  const rows = await query<{ version: string }>(
    "select max(version) as version from supabase_migrations.schema_migrations",
  ).catch(() => []);
  const version = rows[0]?.version ?? "none";
  if (version === newest) return;
  throw new Error(`the project has migration ${version}, this checkout ${newest}: bring it up to date first`);
}

async function requireAlone(query: Query): Promise<void> {
  const [row] = await query<{ mine: boolean }>("select pg_try_advisory_lock(hashtext('leo test:remote')) as mine");
  if (!row?.mine) throw new Error("another run of test:remote is using this project");
}

async function requireNoData(query: Query): Promise<void> {
  const [first, ...others] = await holdsRows(query);
  if (first === undefined) return;
  const tables = others.length === 0 ? first : `${first} and ${others.length} more`;
  throw new Error(
    `the project's database holds rows (${tables}), and the tests delete them all. Name an empty project; or say ` +
      "that its rows may go, by LEO_TEST_DELETE_DATA=1. Nothing was done.",
  );
}

/** What the database is asked through the API, so that no other project's is emptied. */
async function requireSameProject(query: Query, { url, secretKey }: RemoteProject): Promise<void> {
  const id = randomUUID();
  await query("insert into public.companies (id, name) values ($1, 'test:remote was here')", [id]);
  try {
    const response = await fetch(`${url}/rest/v1/companies?id=eq.${id}&select=id`, { headers: { apikey: secretKey } });
    const text = await response.text();
    if (response.status !== 200) {
      throw new Error(`the Data API of LEO_TEST_URL answers ${response.status} to LEO_TEST_SECRET_KEY: ${text}`);
    }
    if (!text.includes(id)) throw new Error("LEO_TEST_DB_URL is not the database of LEO_TEST_URL");
  } finally {
    await query("delete from public.companies where id = $1", [id]);
  }
}

/** Waits until every function answers by itself: 503 and the like are the platform's, while it starts one. */
async function requireFunctions({ url, secretKey }: RemoteProject): Promise<void> {
  const folders = await readdir(join(repositoryRoot, "functions"), { withFileTypes: true });
  const names = folders.filter((entry) => entry.isDirectory() && !entry.name.startsWith("_")).map(({ name }) => name);
  const giveUpAt = performance.now() + BOOT_MS;
  for (const name of names) {
    for (;;) {
      const response = await fetch(`${url}/functions/v1/${name}`, { headers: { apikey: secretKey } });
      const said = `${response.status} ${await response.text()}`;
      if (response.headers.has("server-timing")) break;
      if (performance.now() > giveUpAt)
        throw new Error(`the function ${name} of LEO_TEST_URL does not answer: ${said}`);
      await delay(500);
    }
  }
}

/** What tests may change and then put back: the schemas, and what migrations and operators set in schema leo. */
async function settingsOf(client: pg.Client): Promise<string[]> {
  const lines = await catalogueSnapshot(client);
  for (const table of await ownTables(client)) {
    if (!table.startsWith("leo.") || takenBack.includes(table)) continue;
    lines.push(`${table}: ${await rowsOf(client, table, "t::text")}`);
  }
  return lines;
}

/** Asserts that tests have put everything back. */
function requireUnchanged(before: string[], after: string[]): void {
  const [was, is] = [new Set(before), new Set(after)];
  const lines = [...after.filter((line) => !was.has(line)), ...before.filter((line) => !is.has(line))];
  if (lines.length === 0) return;
  throw new Error(`tests have changed what they should have left alone:\n  ${lines.join("\n  ")}`);
}

/** A project that tests have to themselves. */
export interface TakenProject {
  /** Empties it again, and brings its jobs back; throws where tests have changed more than rows. */
  giveBack(): Promise<void>;
  /** Brings its jobs back, whatever else is left: for a run that is broken off. */
  leave(): Promise<void>;
}

/**
 * Makes sure that a project is what the tests take it for, is theirs alone, and has its jobs rest.
 *
 * @param mayDelete whether rows that are there already may go
 * @throws Error, before anything is deleted, when it is not; its message says what to do
 */
export async function takeProject(project: RemoteProject, mayDelete: boolean): Promise<TakenProject> {
  const client = await connect(project.databaseUrl);
  const query = queryOf(client);
  try {
    await requireMigrations(query);
    await requireAlone(query);
    if (!mayDelete) await requireNoData(query);
    await requireJobsAtWork(query);
    await requireSameProject(query, project);
    await requireFunctions(project);
    const before = await settingsOf(client);
    const resumeJobs = await pauseJobs(query);
    const leave = async () => {
      const another = await connect(project.databaseUrl);
      await resumeJobs(queryOf(another)).finally(() => another.end());
    };
    const giveBack = async () => {
      try {
        // While jobs rest: one that works wants the locks of the tables that are emptied.
        await emptyDatabase(query).finally(leave);
        requireUnchanged(before, await settingsOf(client));
      } finally {
        await client.end();
      }
    };
    return { giveBack, leave };
  } catch (error) {
    await client.end();
    throw error;
  }
}
