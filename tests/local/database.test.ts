import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase({ migratedTo: "nothing" });
});
afterAll(() => database.drop());

test("the local server hands a database over with the roles and rights of a Supabase project", async () => {
  const roles = await database.query(
    `select rolname, rolsuper, rolcanlogin, rolinherit, rolbypassrls from pg_roles
     where rolname in ('anon', 'authenticated', 'service_role', 'authenticator', 'postgres') order by rolname`,
  );
  expect(roles).toEqual([
    { rolname: "anon", rolsuper: false, rolcanlogin: false, rolinherit: false, rolbypassrls: false },
    { rolname: "authenticated", rolsuper: false, rolcanlogin: false, rolinherit: false, rolbypassrls: false },
    { rolname: "authenticator", rolsuper: false, rolcanlogin: true, rolinherit: false, rolbypassrls: false },
    { rolname: "postgres", rolsuper: false, rolcanlogin: true, rolinherit: true, rolbypassrls: true },
    { rolname: "service_role", rolsuper: false, rolcanlogin: false, rolinherit: false, rolbypassrls: true },
  ]);
});
