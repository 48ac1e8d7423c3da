import type { TestDatabase } from "../../../support/database.ts";

/** How many rows each table has, and what they hold in one figure. */
export type Digest = Record<string, string>;

/** Every table of the schemas that are this project's own, found in the catalogue. */
export async function digestOf(database: TestDatabase, schemas = ["public", "leo"]): Promise<Digest> {
  const tables = await database.query<{ name: string }>(
    `select format('%I.%I', relnamespace::regnamespace::text, relname) as name
     from pg_class
     where relkind in ('r', 'p') and relnamespace = any ($1::regnamespace[]) order by 1`,
    [schemas],
  );
  const digests = tables.map(
    ({ name }) =>
      `select '${name}' as name, count(*) || ' rows ' || coalesce(md5(string_agg(found::text, '' order by found::text)), '') as digest
       from ${name} found`,
  );
  const rows = await database.query<{ name: string; digest: string }>(digests.join(" union all "));
  return Object.fromEntries(rows.map(({ name, digest }) => [name, digest]));
}
