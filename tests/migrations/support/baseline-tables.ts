import type pg from "pg";
import { rowsOf } from "../../support/catalogue-snapshot.ts";

/** A table of schema `public`: its columns, and the file that it is on disk. */
export interface BaselineTable {
  name: string;
  columns: string;
  file: string;
}

const tablesSql = `
  select format('public.%I', relname) as name, relfilenode::text as file,
         (select string_agg(format('t.%I', attname), ', ' order by attnum) from pg_attribute
           where attrelid = pg_class.oid and attnum > 0) as columns
  from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1`;

/** Every table there is; asked of a database at the baseline, the columns are the documented ones. */
export async function baselineTables(client: pg.ClientBase): Promise<BaselineTable[]> {
  return (await client.query<BaselineTable>(tablesSql)).rows;
}

/** Count and checksum of each table's rows by the columns it had, of those rows that `where` is true of. */
export async function checksums(
  client: pg.ClientBase,
  tables: BaselineTable[],
  where: (table: string) => string = () => "true",
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const { name, columns } of tables) {
    found[name] = await rowsOf(client, name, `row(${columns})::text`, where(name));
  }
  return found;
}
