import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startDataApiOnly, type TestDataApi } from "../support/data-api.ts";
import { assemble, type Cast, personNames } from "./support/cast.ts";
import { changesNothing } from "./support/snapshot.ts";
import { expectNothingForeign } from "./support/traces.ts";

let api: TestDataApi;
let cast: Cast;

beforeAll(async () => {
  api = await startDataApiOnly();
  cast = await assemble(api);
});
afterAll(() => api.stop());

type Refused = [path: string, status: number, code: string];

/** Requests that lead nowhere, for services too. */
const refused: Record<string, Refused[]> = {
  "an aggregate, as on hosted projects": [
    ["orchestration_metrics?select=count()", 400, "PGRST123"],
    ["orchestration_metrics?select=action_count.sum()", 400, "PGRST123"],
    ["orchestration_metrics?select=metadata->>mark,action_count.max()", 400, "PGRST123"],
    ["companies?select=name,orchestration_metrics(action_count.sum())", 400, "PGRST123"],
  ],
  "SQL in the choice of columns": [
    ['orchestration_metrics?select=metric_id" from auth.users--', 400, "PGRST100"],
    ["orchestration_metrics?select=metric_id);select 1", 400, "PGRST100"],
    ["orchestration_metrics?select=x:(select email from auth.users)", 400, "PGRST100"],
    ["orchestration_metrics?select=company_id::regclass", 400, "42846"],
    ["orchestration_metrics?select=metadata::auth.users", 400, "PGRST100"],
  ],
  "a function in the place of a column": [
    ["orchestration_metrics?select=version", 400, "42703"],
    ["orchestration_metrics?select=pg_sleep", 400, "42703"],
    ["orchestration_metrics?select=accessible_companies()", 400, "PGRST200"],
    ["orchestration_metrics?order=pg_sleep", 400, "42703"],
  ],
  "SQL in a filter": [
    ["orchestration_metrics?metric_id=eq.x' or '1'='1", 400, "22P02"],
    ["orchestration_metrics?company_id=in.(select id from companies)", 400, "22P02"],
    ["orchestration_metrics?action_count=gt.0)or(1=1", 400, "22P02"],
    ["orchestration_metrics?or=(1.eq.1)", 400, "42703"],
    ["orchestration_metrics?or=(true)", 400, "PGRST100"],
    ["orchestration_metrics?or=()", 400, "PGRST100"],
    ["orchestration_metrics?or=(companies.name.like.*B*)&select=metric_id,companies(name)", 400, "PGRST100"],
    ["orchestration_metrics?having=count.gt.0", 400, "PGRST100"],
    ["orchestration_metrics?order=metric_id;drop table companies", 400, "42703"],
    ["orchestration_metrics?schema=auth", 400, "PGRST100"],
  ],
  "a table that nothing leads to": [
    ["telemetry_analysis_runs?select=*,exec_implementation_sessions(*)", 400, "PGRST200"],
    ["telemetry_analysis_runs?select=*,strategic_directives_v2(*)", 400, "PGRST200"],
    ["telemetry_analysis_runs?select=*,companies(*)", 400, "PGRST200"],
    ["telemetry_analysis_runs?select=*,state_transitions(*)", 400, "PGRST200"],
    ["telemetry_analysis_runs?select=*,idempotency_keys(*)", 400, "PGRST200"],
    ["state_transitions?select=*,strategic_directives_v2(*)", 400, "PGRST200"],
    ["state_transitions?select=*,orchestration_metrics(*)", 400, "PGRST200"],
    ["exec_implementation_sessions?select=*,companies(*)", 400, "PGRST200"],
    ["strategic_directives_v2?select=*,exec_implementation_sessions(*,orchestration_metrics(*))", 400, "PGRST200"],
    ["orchestration_metrics?select=*,users(*)", 400, "PGRST200"],
    ['user_company_access?select=*,"auth.users"(*)', 400, "PGRST200"],
    ["user_company_access?select=*,auth.users(*)", 400, "PGRST100"],
    ["user_company_access?users.email=like.*", 400, "PGRST108"],
    ["user_company_access?order=users(email)", 400, "PGRST108"],
  ],
  "two tables at once": [["companies,ventures", 404, "PGRST205"]],
};

describe.each(Object.entries(refused))("%s", (_what, requests) => {
  test.each(requests)("is refused to everybody: %s", async (path, status, code) => {
    await changesNothing(cast.database, async () => {
      for (const name of personNames) {
        const response = await cast.send(cast.people[name], encodeURI(path));
        const text = await response.text();
        // Who is denied the table may be told that first.
        const expected = response.status === 401 ? { name, status: 401, code: "42501" } : { name, status, code };
        expect({ name, status: response.status, code: JSON.parse(text).code }).toEqual(expected);
        if (response.status === 401) expect(name).toBe("anon");
        expectNothingForeign(cast, cast.people[name], path, text);
      }
    });
  });
});

describe("a user's e-mail or password", () => {
  // The schema of a foreign key's other end is not exposed. PostgREST does not know that table at all (PGRST200);
  // the local Data API looks for it, and finds none in the schemas that it may look into.
  test.each([
    "user_company_access?select=*,users(*)",
    "user_company_access?select=*,users!user_company_access_user_id_fkey(*)",
    "user_company_access?select=*,users!user_company_access_granted_by_fkey(email)",
    "user_company_access?select=*,users!user_id!inner(email,encrypted_password)",
    "user_company_access?select=...users!user_company_access_user_id_fkey(email)",
    "user_company_access?select=*,user_id(email)",
    "user_company_access?select=*,granted_by(*)",
    "companies?select=user_company_access(users!user_company_access_user_id_fkey(email))",
    "user_company_access?select=*,users!user_company_access_user_id_fkey(email)&users.email=like.*",
  ])("is not embedded, for services neither: %s", async (path) => {
    for (const name of personNames) {
      const response = await cast.send(cast.people[name], path);
      const text = await response.text();
      expect(response.status).toBeGreaterThanOrEqual(300);
      expect(response.status).toBeLessThan(500);
      expect(text).not.toMatch(/@rls\.example|\$2a\$/);
    }
  });
});

describe("a form of answer", () => {
  test.each([
    "application/vnd.pgrst.plan",
    "application/vnd.pgrst.plan+json",
    'application/vnd.pgrst.plan+text; for="application/json"; options=analyze|verbose|settings|buffers',
    "application/openapi+json",
    "text/xml",
  ])("that tells of the database is not available: %s", async (accept) => {
    for (const name of ["memberOfA", "stranger", "service"] as const) {
      const path = "orchestration_metrics?metadata->>mark=like.only-for-B*";
      const response = await cast.send(cast.people[name], path, { headers: { accept } });
      expect(response.status).toBe(406);
      expect(await response.json()).toMatchObject({ code: "PGRST107" });
    }
  });

  test.each([
    "text/csv",
    "application/vnd.pgrst.object+json",
    "application/vnd.pgrst.array+json;nulls=stripped",
    "application/octet-stream",
  ])("shows no other rows: %s", async (accept) => {
    const control = await cast.send(cast.people.service, "companies?select=description", { headers: { accept } });
    // One object for three rows is refused.
    if (accept.includes("object")) expect(control.status).toBe(406);
    else expect(await control.text()).toContain(cast.companies.B.mark);
    for (const name of ["memberOfA", "stranger", "inactiveInA"] as const) {
      const response = await cast.send(cast.people[name], "companies?select=description", { headers: { accept } });
      const text = await response.text();
      expectNothingForeign(cast, cast.people[name], "", text);
      expect(text.includes(cast.companies.A.mark)).toBe(name === "memberOfA");
    }
  });

  test("that describes the API is for services only", async () => {
    for (const name of personNames) {
      const response = await cast.send(cast.people[name], "");
      expect(`${name}: ${response.status}`).toBe(`${name}: ${name === "service" ? 200 : 403}`);
    }
  });
});
