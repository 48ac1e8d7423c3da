import { expect, test } from "vitest";
import { migrate } from "../../local/migrate.ts";
import { createTestDatabase } from "../support/database.ts";

test("a project whose defaults grant nothing, as Supabase makes them now, ends with the same privileges", async () => {
  const granted = `
    select oid::regclass::text as object, grantee::regrole::text as role, privilege_type
    from pg_class, aclexplode(relacl)
    where relnamespace in ('public'::regnamespace, 'leo'::regnamespace) and relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    union all
    select oid::regprocedure::text, grantee::regrole::text, privilege_type
    from pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner)))
    where pronamespace in ('public'::regnamespace, 'leo'::regnamespace)
    union all
    -- And so begins what comes later.
    select concat_ws(' ', 'later', defaclnamespace::regnamespace, defaclobjtype), grantee::regrole::text, privilege_type
    from pg_default_acl, aclexplode(defaclacl)
    where defaclrole = 'postgres'::regrole and defaclnamespace in (0, 'public'::regnamespace)
    order by 1, 2, 3`;
  const usual = await createTestDatabase();
  const sparing = await createTestDatabase({ migratedTo: "nothing" });
  try {
    for (const kind of ["tables", "sequences", "functions"]) {
      await sparing.query(
        `alter default privileges in schema public revoke all on ${kind} from anon, authenticated, service_role`,
      );
    }
    await migrate(sparing.url);
    expect(await sparing.query(granted)).toEqual(await usual.query(granted));
  } finally {
    await sparing.drop();
    await usual.drop();
  }
});
