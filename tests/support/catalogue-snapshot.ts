import type pg from "pg";

// Privileges with the defaults spelled out and in one order, as dumps and catalogues write them differently.
const privileges = (acl: string, kind: string, owner: string) => `(
  select string_agg(distinct format('%s %s%s', grantee::regrole, privilege_type,
                                    case when is_grantable then ' (grantable)' end), ', ')
  from aclexplode(coalesce(${acl}, acldefault('${kind}', ${owner}))))`;

const ours = "in (select oid from pg_namespace where nspname in ('public', 'leo'))";

// Every line says all that there is to say of one object; ids, which differ between databases, are in none.
const linesSql = `
  select format('schema %s owner %s privileges %s', nspname, nspowner::regrole,
                ${privileges("nspacl", "n", "nspowner")}) as line
  from pg_namespace where oid ${ours}
  union all
  select format('relation %s kind %s owner %s rls %s %s options %s identity %s persistence %s privileges %s view %s',
                oid::regclass, relkind, relowner::regrole, relrowsecurity, relforcerowsecurity, reloptions,
                relreplident, relpersistence,
                case relkind when 'S' then ${privileges("relacl", "s", "relowner")}
                             else ${privileges("relacl", "r", "relowner")} end,
                case when relkind in ('v', 'm') then pg_get_viewdef(oid) end)
  from pg_class where relnamespace ${ours} and relkind in ('r', 'p', 'v', 'm', 'S', 'f')
  union all
  select format('column %s.%s place %s type %s not null %s default %s identity %s generated %s privileges %s',
                attrelid::regclass, attname, row_number() over (partition by attrelid order by attnum),
                format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid), attidentity, attgenerated,
                attacl)
  from pg_attribute
  join pg_class relation on relation.oid = attrelid
  left join pg_attrdef on adrelid = attrelid and adnum = attnum
  where relnamespace ${ours} and relkind in ('r', 'p', 'v', 'm', 'f') and attnum > 0 and not attisdropped
  union all
  select format('constraint %s on %s: %s validated %s', conname, conrelid::regclass, pg_get_constraintdef(oid),
                convalidated)
  from pg_constraint where connamespace ${ours}
  union all
  select format('index %s valid %s', pg_get_indexdef(indexrelid), indisvalid)
  from pg_index join pg_class on pg_class.oid = indexrelid where relnamespace ${ours}
  union all
  select format('trigger %s enabled %s', pg_get_triggerdef(pg_trigger.oid), tgenabled)
  from pg_trigger join pg_class on pg_class.oid = tgrelid where relnamespace ${ours} and not tgisinternal
  union all
  select format('policy %s on %s.%s %s %s to %s using %s with check %s', policyname, schemaname, tablename, permissive,
                cmd, roles, qual, with_check)
  from pg_policies where schemaname in ('public', 'leo')
  union all
  select format('function %s owner %s privileges %s', pg_get_functiondef(oid), proowner::regrole,
                ${privileges("proacl", "f", "proowner")})
  from pg_proc where pronamespace ${ours} and prokind in ('f', 'p')
  union all
  select format('type %s kind %s not null %s default %s privileges %s labels %s', oid::regtype, typtype, typnotnull,
                typdefault, ${privileges("typacl", "T", "typowner")},
                (select string_agg(enumlabel, ', ' order by enumsortorder) from pg_enum where enumtypid = pg_type.oid))
  from pg_type where typnamespace ${ours} and typtype in ('d', 'e', 'r')
  union all
  select format('sequence %s.%s %s %s-%s by %s cache %s cycle %s', schemaname, sequencename, data_type, min_value,
                max_value, increment_by, cache_size, cycle)
  from pg_sequences where schemaname in ('public', 'leo')
  union all
  select format('statistics %s', pg_get_statisticsobjdef(oid)) from pg_statistic_ext where stxnamespace ${ours}
  union all
  select format('comment on %s %s: %s', named.type, named.identity, description)
  from pg_description, pg_identify_object(classoid, objoid, objsubid) named
  where objoid >= 16384 and named.identity !~ '\\m(auth|extensions|supabase_migrations)\\.' and named.type <> 'extension'
  union all
  select format('default privileges of %s in %s on %s: %s', defaclrole::regrole, defaclnamespace::regnamespace,
                defaclobjtype, (select string_agg(format('%s %s', grantee::regrole, privilege_type), ', '
                                                  order by grantee::regrole::text, privilege_type)
                                from aclexplode(defaclacl)))
  from pg_default_acl where defaclnamespace = 0 or defaclnamespace ${ours}
  union all
  select format('publication %s of %s.%s (%s) where %s', pubname, schemaname, tablename, attnames, rowfilter)
  from pg_publication_tables
  union all
  select format('event trigger %s on %s', evtname, evtevent) from pg_event_trigger
  union all
  select format('extension %s in %s', extname, extnamespace::regnamespace) from pg_extension
  order by 1`;

/**
 * What schemas `public` and `leo` consist of, and what belongs to them elsewhere (default privileges,
 * publications): one line per object. Equal lines mean equal databases, rows and statistics apart.
 */
export async function catalogueSnapshot(client: pg.ClientBase): Promise<string[]> {
  // Names are printed with their schemas where none is searched.
  await client.query("set search_path = ''");
  const { rows } = await client.query<{ line: string }>(linesSql);
  await client.query("reset search_path");
  return rows.map(({ line }) => line);
}

/** Tables of schemas `public` and `leo`, as `schema.table`. */
export async function ownTables(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname in ('public', 'leo') order by 1`,
  );
  return rows.map(({ name }) => name);
}

/** Count and checksum of some expression over the rows of a table, whatever their order. */
export async function rowsOf(
  client: pg.ClientBase,
  table: string,
  expression: string,
  where = "true",
): Promise<string> {
  const { rows } = await client.query<{ found: string }>(
    `select format('%s rows, checksum %s', count(*), coalesce(sum(hashtextextended(${expression}, 0)), 0)) as found
     from ${table} as t where ${where}`,
  );
  return (rows[0] as { found: string }).found;
}
