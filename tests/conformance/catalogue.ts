import type pg from "pg";
import type { Facts, PolicyFacts, TriggerFacts } from "./facts.ts";
import { oneLine } from "./facts.ts";

const tablesSql = `
  select relname as table_name, relrowsecurity as rls
  from pg_class
  where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
  order by relname`;

// The documents were made from information_schema; ARRAY there hides the kind of element, so any other
// than text is added.
const columnsSql = `
  select
    table_name,
    column_name as name,
    case
      when data_type = 'ARRAY' and udt_name <> '_text' then format('ARRAY of %s', ltrim(udt_name, '_'))
      when data_type = 'numeric' then format('numeric(%s,%s)', numeric_precision, numeric_scale)
      when numeric_precision is not null then format('%s(%s)', data_type, numeric_precision)
      else data_type
    end as type,
    is_nullable = 'YES' as nullable,
    case
      when is_generated = 'ALWAYS' then format('generated: %s', generation_expression)
      when is_identity = 'YES' then 'identity'
      else column_default
    end as default
  from information_schema.columns
  where table_schema = 'public'
  order by table_name, ordinal_position`;

// Not-null constraints (rows of their own from PostgreSQL 18 on) are facts of their columns.
const constraintsSql = `
  select relname as table_name, conname as name, pg_get_constraintdef(pg_constraint.oid) as definition
  from pg_constraint
  join pg_class on pg_class.oid = conrelid
  where connamespace = 'public'::regnamespace and contype in ('p', 'f', 'u', 'c', 'x')
  order by conname`;

const indexesSql = `
  select tablename as table_name, indexname as name, indexdef as definition
  from pg_indexes
  where schemaname = 'public'
  order by indexname`;

const policiesSql = `
  select
    tablename as table_name,
    policyname as name,
    cmd || case permissive when 'PERMISSIVE' then '' else ' RESTRICTIVE' end as command,
    roles::text as roles,
    qual as using,
    with_check as "withCheck"
  from pg_policies
  where schemaname = 'public'
  order by policyname`;

const triggersSql = `
  select
    relname as table_name,
    tgname as name,
    pg_get_triggerdef(pg_trigger.oid) as definition,
    tgenabled = 'O' as enabled
  from pg_trigger
  join pg_class on pg_class.oid = tgrelid
  where relnamespace = 'public'::regnamespace and not tgisinternal
  order by tgname`;

function triggerFacts(definition: string, enabled: boolean): TriggerFacts {
  const match = /^CREATE (CONSTRAINT )?TRIGGER \S+ (.+?) ON \S+ (.*?)(EXECUTE FUNCTION .+)$/.exec(definition);
  const [, constraint = "", timing = "", rest = "", action = ""] = match ?? [];
  // What the documents leave out is what they mean: every row, always.
  const more = rest.trim() === "FOR EACH ROW" ? "" : ` ${rest.trim()}`;
  return { timing: `${constraint}${timing}${more}${enabled ? "" : " DISABLED"}`, action };
}

/**
 * Reads the schema `public` of a database into the shape of the documents' facts.
 *
 * @param client its search_path is set to public, as expressions are printed relative to it
 * @param leftOut tables that are not read
 */
export async function readCatalogue(client: pg.ClientBase, leftOut: readonly string[] = []): Promise<Facts> {
  await client.query("set search_path = public");
  const facts: Facts = {};
  for (const { table_name, rls } of (await client.query(tablesSql)).rows) {
    if (leftOut.includes(table_name)) continue;
    const state = rls ? "enabled" : "disabled";
    facts[table_name] = { rls: state, columns: [], constraints: {}, indexes: {}, policies: {}, triggers: {} };
  }
  for (const { table_name, ...column } of (await client.query(columnsSql)).rows) {
    facts[table_name]?.columns.push(column);
  }
  for (const { table_name, name, definition } of (await client.query(constraintsSql)).rows) {
    const table = facts[table_name];
    if (table) table.constraints[name] = definition;
  }
  for (const { table_name, name, definition } of (await client.query(indexesSql)).rows) {
    const table = facts[table_name];
    if (table) table.indexes[name] = definition;
  }
  for (const { table_name, name, ...policy } of (await client.query(policiesSql)).rows) {
    const { using, withCheck } = policy as PolicyFacts;
    const table = facts[table_name];
    if (!table) continue;
    table.policies[name] = { ...policy, using: using && oneLine(using), withCheck: withCheck && oneLine(withCheck) };
  }
  for (const { table_name, name, definition, enabled } of (await client.query(triggersSql)).rows) {
    const table = facts[table_name];
    if (table) table.triggers[name] = triggerFacts(definition, enabled);
  }
  return facts;
}
