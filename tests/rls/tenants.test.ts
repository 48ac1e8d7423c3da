import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestStack, type TestStack } from "../support/stack.ts";
import { assemble, type Cast, type CompanyName, companyNames, personNames } from "./support/cast.ts";
import { metricsOf } from "./support/metrics.ts";
import { every, openRoutes, routesOf } from "./support/routes.ts";
import { expectNothingForeign } from "./support/traces.ts";

let stack: TestStack;
let cast: Cast;

beforeAll(async () => {
  stack = await startTestStack();
  cast = await assemble(stack);
});
afterAll(() => stack.stop());

const users = personNames.filter((name) => name !== "anon" && name !== "service");

describe.each(users)("%s", (name) => {
  test.each(companyNames)("gets to what is %s's by every route or by none", async (companyName) => {
    const person = cast.people[name];
    const routes = routesOf(stack, cast);
    const open = await openRoutes(routes, person, cast.companies[companyName]);
    expect(open).toEqual(every(routes, person.companies.includes(companyName)));
  });

  test("sees rows of the own companies only, in every table that has some", async () => {
    const person = cast.people[name];
    const { data: all, error } = await person.client
      .from("companies")
      .select(
        "*, ventures(*), eva_orchestration_sessions(*), orchestration_metrics(*, ventures(*)), user_company_access(*)",
      )
      .order("name");
    expect(error).toBeNull();
    expect(all?.map((company) => company.name)).toEqual(person.companies);
    for (const company of all ?? []) {
      const { id, venture, session, metrics } = cast.companies[company.name as CompanyName];
      expect(company.ventures.map((row) => row.id)).toEqual([venture]);
      expect(company.eva_orchestration_sessions.map((row) => row.session_id)).toEqual([session]);
      expect(company.orchestration_metrics.map((row) => row.metric_id)).toEqual(expect.arrayContaining(metrics));
      expect(new Set(company.orchestration_metrics.map((row) => row.company_id))).toEqual(new Set([id]));
      // Not who else is there.
      expect(company.user_company_access.map((row) => row.user_id)).toEqual([person.userId]);
    }
    expectNothingForeign(cast, person, "", JSON.stringify(all));
  });

  test("adds up what the own companies did, and nothing else", async () => {
    const person = cast.people[name];
    const { data } = await metricsOf(person).select("action_count, metadata").not("metadata->>mark", "is", null);
    const sum = (data ?? []).reduce((total, row) => total + row.action_count, 0);
    // Two rows of 10 for A, of 100 for B, of 1000 for C.
    expect(sum).toBe(person.companies.reduce((total, c) => total + 2 * 10 ** (companyNames.indexOf(c) + 1), 0));
  });
});
