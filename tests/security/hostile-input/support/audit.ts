import pg from "pg";
import type { TestDatabase } from "../../../support/database.ts";

/** A row that somebody other than the test itself has changed. */
export interface Change {
  relation: string;
  operation: string;
  /** What the trigger saw of the setting leo.request_id. */
  requestId: string;
}

/** Notes every change of a row in schema public, with the request that made it. */
export interface Audit {
  /** The test's own way to the same database; what it changes is not noted. */
  database: TestDatabase;
  /** The changes since the last call, in order. */
  take(): Promise<Change[]>;
  /** The rows that a request has written, as they are now. */
  rowsOf(requestId: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

const OWN_NAME = "the-test-itself";

/** Only what the test's own connections do is left out, so that nothing of the product can escape by its name. */
const SCHEMA = `
  create schema audit;

  create table audit.changes (
    id bigint generated always as identity primary key,
    relation text not null,
    operation text not null,
    request_id text not null,
    key_column text,
    key text
  );

  create function audit.note() returns trigger language plpgsql security definer set search_path = '' as $$
  begin
    if current_setting('application_name') <> '${OWN_NAME}' then
      insert into audit.changes (relation, operation, request_id, key_column, key)
      values (
        tg_table_name, tg_op, coalesce(current_setting('leo.request_id', true), ''), tg_argv[0],
        case when tg_op in ('INSERT', 'UPDATE') then to_jsonb(new) ->> tg_argv[0] end
      );
    end if;
    return null;
  end $$;

  do $$
  declare
    v_table record;
  begin
    for v_table in
      select found.oid::regclass as name, key.attname as key
      from pg_class found
      left join pg_index index on index.indrelid = found.oid and index.indisprimary
      left join pg_attribute key on key.attrelid = found.oid and key.attnum = index.indkey[0]
      where found.relnamespace = 'public'::regnamespace and found.relkind in ('r', 'p')
    loop
      execute format(
        'create trigger zz_audit after insert or update or delete on %s for each row execute function audit.note(%L)',
        v_table.name, v_table.key
      );
      execute format(
        'create trigger zz_audit_truncate after truncate on %s for each statement execute function audit.note()',
        v_table.name
      );
    end loop;
  end $$;
`;

export async function startAudit(stackDatabase: TestDatabase): Promise<Audit> {
  await stackDatabase.query(SCHEMA);
  const pool = new pg.Pool({ connectionString: stackDatabase.url, application_name: OWN_NAME, max: 4 });
  const database: TestDatabase = {
    ...stackDatabase,
    async query<T>(text: string, params?: unknown[]) {
      return (await pool.query(text, params)).rows as T[];
    },
  };
  return {
    database,
    async take() {
      // In one statement, or a change that comes between two would be lost.
      return database.query<Change>(
        `with taken as (delete from audit.changes returning *)
         select relation, operation, request_id as "requestId" from taken order by id`,
      );
    },
    async rowsOf(requestId) {
      const written = await database.query<{ relation: string; column: string; keys: string[] }>(
        `select relation, key_column as column, array_agg(distinct key) as keys from audit.changes
         where request_id = $1 and key is not null group by relation, key_column`,
        [requestId],
      );
      const found = written.map(({ relation, column, keys }) =>
        database.query<{ row: Record<string, unknown> }>(
          `select to_jsonb(found) as row from public.${relation} found where ${column}::text = any ($1)`,
          [keys],
        ),
      );
      return (await Promise.all(found)).flat().map(({ row }) => row);
    },
    close: () => pool.end(),
  };
}
