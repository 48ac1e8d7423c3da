import { withClient } from "./prepare-database.ts";

/** A column of a table. */
export interface Column {
  name: string;
  /** As a cast would have it, such as `text[]` or `timestamptz`. */
  type: string;
  required: boolean;
  default: string | null;
  comment: string | null;
}

export interface ForeignKey {
  columns: string[];
  /** Name of a table of schema public, or `schema.table`. */
  target: string;
  /** A row without one cannot be. */
  required: boolean;
  /** At most one row refers to each target. */
  unique: boolean;
}

/** A table of schema public. */
export interface Table {
  name: string;
  comment: string | null;
  primaryKey: string[];
  columns: Column[];
  foreignKeys: ForeignKey[];
}

const QUERY = `
select
  class.relname as name,
  obj_description(class.oid, 'pg_class') as comment,
  coalesce(
    (
      select json_agg(column_of_key.attname order by key.position)
      from pg_constraint primary_key
      cross join unnest(primary_key.conkey) with ordinality as key (attnum, position)
      join pg_attribute column_of_key on column_of_key.attrelid = class.oid and column_of_key.attnum = key.attnum
      where primary_key.conrelid = class.oid and primary_key.contype = 'p'
    ),
    '[]'
  ) as "primaryKey",
  (
    select json_agg(
      json_build_object(
        'name', attribute.attname,
        'type', replace(
          replace(
            format_type(attribute.atttypid, attribute.atttypmod), 'timestamp with time zone', 'timestamptz'
          ),
          'character varying', 'varchar'
        ),
        'required', attribute.attnotnull,
        'default', pg_get_expr(value.adbin, value.adrelid),
        'comment', col_description(class.oid, attribute.attnum)
      )
      order by attribute.attnum
    )
    from pg_attribute attribute
    left join pg_attrdef value on value.adrelid = class.oid and value.adnum = attribute.attnum
    where attribute.attrelid = class.oid and attribute.attnum > 0 and not attribute.attisdropped
  ) as columns,
  coalesce(
    (
      select json_agg(
        json_build_object(
          'columns', (
            select json_agg(attribute.attname order by key.position)
            from unnest(foreign_key.conkey) with ordinality as key (attnum, position)
            join pg_attribute attribute on attribute.attrelid = class.oid and attribute.attnum = key.attnum
          ),
          'target', case target_schema.nspname when 'public' then '' else target_schema.nspname || '.' end
            || target.relname,
          'required', (
            select bool_and(attribute.attnotnull)
            from pg_attribute attribute
            where attribute.attrelid = class.oid and attribute.attnum = any (foreign_key.conkey)
          ),
          'unique', exists (
            select
            from pg_index index
            where index.indrelid = class.oid
              and index.indisunique
              and index.indpred is null
              and (index.indkey::int2[])[0:index.indnkeyatts - 1] <@ foreign_key.conkey
          )
        )
        order by foreign_key.conname collate "C"
      )
      from pg_constraint foreign_key
      join pg_class target on target.oid = foreign_key.confrelid
      join pg_namespace target_schema on target_schema.oid = target.relnamespace
      where foreign_key.conrelid = class.oid and foreign_key.contype = 'f'
    ),
    '[]'
  ) as "foreignKeys"
from pg_class class
where class.relnamespace = 'public'::regnamespace and class.relkind in ('r', 'p') and not class.relispartition
order by class.relname collate "C"`;

/** Runs one statement by a connection of its own and returns its rows. */
export function queryOnce<T>(url: string, text: string): Promise<T[]> {
  return withClient(url, async (client) => (await client.query(text)).rows as T[]);
}

/** The tables of schema public as the live catalogue has them, by name. */
export function readTables(url: string): Promise<Table[]> {
  return queryOnce<Table>(url, QUERY);
}
