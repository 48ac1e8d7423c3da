/** Runs one statement and returns its rows. */
export type Query = <T>(text: string, params?: unknown[]) => Promise<T[]>;

/** A table of one row that migrations put there. */
const progress = "orchestration_summary_progress";

/** Tables of schema leo that {@link emptyDatabase} empties too. */
const truncated = ["leo.idempotency_keys", "leo.status_overrides"];

/** Tables of schema leo that {@link emptyDatabase} takes back; what others hold are settings. */
export const takenBack = [...truncated, "leo.metric_marking"];

/** Addresses that nobody can have (RFC 2606), as the seed and the tests give them to their users. */
const invented = String.raw`email ~ '[.@](example|test|example\.com)$'`;

async function publicTables(query: Query): Promise<string[]> {
  const rows = await query<{ name: string }>(
    `select relname as name from pg_class
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition and relname <> $1
     order by relname`,
    [progress],
  );
  return rows.map(({ name }) => name);
}

const quoted = (name: string) => `public."${name.replaceAll('"', '""')}"`;

/** What {@link emptyDatabase} would delete rows of: tables, this project's or others, and users, in a few words. */
export async function holdsRows(query: Query): Promise<string[]> {
  const users = { name: "users with invented addresses", rows: `auth.users where ${invented}` };
  const sources = [
    ...(await publicTables(query)).map((name) => ({ name, rows: quoted(name) })),
    ...truncated.map((name) => ({ name, rows: name })),
    users,
  ];
  const asked = sources.map(({ rows }, index) => `select $${index + 1} as name where exists (select from ${rows})`);
  const found = await query<{ name: string }>(
    asked.join(" union all "),
    sources.map(({ name }) => name),
  );
  return found.map(({ name }) => name);
}

/**
 * Takes a database back to what the migrations left: no row in schema public, no user with an invented address.
 * A table of another schema that refers to one of public keeps all of it, by an error.
 */
export async function emptyDatabase(query: Query): Promise<void> {
  const tables = [...(await publicTables(query)).map(quoted), ...truncated];
  // One message without parameters, which the server carries out as one transaction.
  await query(`
    set local lock_timeout = '20s';
    truncate ${tables.join(", ")};
    -- Emptying metrics marks days as stale that have been rolled up.
    delete from public.orchestration_stale_days;
    update public.${progress} set rolled_up_through = default;
    update leo.metric_marking set marked_through = default, marked_in = default, unaware_writers = default;
    delete from auth.users where ${invented};
  `);
}
