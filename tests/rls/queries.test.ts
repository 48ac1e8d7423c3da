import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startDataApiOnly, type TestDataApi } from "../support/data-api.ts";
import { assemble, type Cast, type PersonName } from "./support/cast.ts";
import { changesNothing } from "./support/snapshot.ts";
import { expectNothingForeign } from "./support/traces.ts";

let api: TestDataApi;
let cast: Cast;

beforeAll(async () => {
  api = await startDataApiOnly();
  cast = await assemble(api);
});
afterAll(() => api.stop());

/** Those who must not see what is B's. */
const others: PersonName[] = ["anon", "stranger", "memberOfA", "inactiveInA", "undecidedInA", "memberOfC", "operator"];

/** `{B}` stands for ids of company B. */
const fill = (path: string) =>
  path
    .replaceAll("{B}", cast.companies.B.id)
    .replaceAll("{B.venture}", cast.companies.B.venture)
    .replaceAll("{B.session}", cast.companies.B.session)
    .replaceAll("{B.metric}", cast.companies.B.metrics[0]);

/** Requests that would show something of company B, or of users, if rights did not hold; and do to a service. */
const telling: Record<string, string[]> = {
  "a plain read": [
    "orchestration_metrics",
    "orchestration_metrics?select=*",
    "ventures",
    "eva_orchestration_sessions",
    "companies",
    "user_company_access",
  ],
  "a filter by what is B's": [
    "orchestration_metrics?company_id=eq.{B}",
    "orchestration_metrics?metric_id=eq.{B.metric}&select=metadata",
    "orchestration_metrics?company_id=in.({B})&select=metadata",
    "orchestration_metrics?venture_id=eq.{B.venture}&select=metadata",
    "ventures?id=eq.{B.venture}&select=name",
    "orchestration_metrics?metadata->>mark=like.only-for-B*",
    "companies?name=eq.B",
  ],
  "a condition that is always true": [
    "orchestration_metrics?or=(company_id.is.null,company_id.not.is.null)",
    "orchestration_metrics?or=(metric_id.eq.{B.metric},company_id.eq.{B})&select=metadata",
    "orchestration_metrics?not.or=(action_count.eq.-1,action_count.eq.-2)",
    "orchestration_metrics?not.and=(action_count.eq.-1,action_count.eq.-2)",
    "orchestration_metrics?and=(or(action_count.gt.0,action_count.is.null),not.and(action_count.lt.0))",
    "orchestration_metrics?company_id=not.is.null",
    "orchestration_metrics?company_id=neq.00000000-0000-0000-0000-000000000000",
    "orchestration_metrics?action_count=not.eq.-1",
  ],
  "a choice of columns": [
    "orchestration_metrics?select=metadata->mark",
    "orchestration_metrics?select=metadata->>mark",
    "orchestration_metrics?select=x:metadata->>mark,y:company_id::text",
    "orchestration_metrics?select=agents_involved->0",
    "orchestration_metrics?select=company_id::text",
    "orchestration_metrics?select=metadata::text",
    "user_company_access?select=user_id::text,company_id::text",
  ],
  "an order, a limit, an offset": [
    "orchestration_metrics?order=company_id.desc",
    "orchestration_metrics?order=metadata->>mark.desc.nullslast&limit=1000&select=metadata",
    "orchestration_metrics?offset=0&limit=1000000",
    "orchestration_metrics?select=metadata,companies(name)&order=companies(name).desc",
  ],
  "an embedded table": [
    "orchestration_metrics?select=*,companies(*)",
    "orchestration_metrics?select=companies(*),ventures(*),eva_orchestration_sessions(*)",
    "orchestration_metrics?select=metric_id,companies!inner(description)",
    "orchestration_metrics?select=metric_id,ventures!inner(*),eva_orchestration_sessions!inner(*)",
    "orchestration_metrics?select=metric_id,...companies(description)",
    "orchestration_metrics?companies=not.is.null&select=metadata,companies(id)",
    "companies?select=*,ventures(*),eva_orchestration_sessions(*),orchestration_metrics(*)",
    "companies?select=name,user_company_access(*)",
    "companies?select=name,user_company_access!inner(user_id)",
    "user_company_access?select=*,companies(*)",
    "user_company_access?select=companies(ventures(*),orchestration_metrics(metadata))",
    "user_company_access?select=companies(user_company_access(*))",
    "ventures?select=*,companies(*,user_company_access(*))",
    "ventures?select=name,orchestration_metrics(*,eva_orchestration_sessions(*))",
    "eva_orchestration_sessions?select=*,companies(*),orchestration_metrics(*)",
    "orchestration_metrics?select=ventures(companies(eva_orchestration_sessions(orchestration_metrics(metadata))))",
  ],
  "a filter on an embedded table": [
    "orchestration_metrics?select=metric_id,companies!inner(name,description)&companies.name=eq.B",
    "companies?select=name,orchestration_metrics!inner(metadata)&orchestration_metrics.company_id=eq.{B}",
    "companies?select=name,ventures(*)&ventures.or=(name.like.only*,name.is.null)",
    "companies?select=description,ventures(name)&ventures=not.is.null",
    "user_company_access?select=user_id,companies!inner(id)&companies.id=eq.{B}",
  ],
};

describe.each(Object.entries(telling))("%s", (_what, paths) => {
  test.each(paths)("shows nothing that is not the person's: %s", async (path) => {
    const request = fill(path);
    await changesNothing(cast.database, async () => {
      for (const name of others) {
        const response = await cast.send(cast.people[name], request);
        const text = await response.text();
        expectNothingForeign(cast, cast.people[name], request, text);
        // Nobody but anon is denied a table: rows are what is missing.
        expect(`${name}: ${response.status}`).toBe(`${name}: ${name === "anon" ? 401 : 200}`);
        const ownsNothing = name !== "anon" && cast.people[name].companies.length === 0;
        // What somebody reads of his own membership is not nothing.
        if (ownsNothing && !path.startsWith("user_company_access")) expect(text).toBe("[]");
      }
    });
    // The request is one that would have told.
    const shown = await (await cast.send(cast.people.service, request)).text();
    const { mark, id, metrics } = cast.companies.B;
    expect([mark, id, ...metrics, cast.people.memberOfB.userId].some((trace) => shown.includes(trace))).toBe(true);
  });
});

test("what everybody reads who is signed in is read together, and not by who is not", async () => {
  const related =
    "exec_implementation_sessions?select=status,exec_quality_checkpoints(checkpoint_name)," +
    "exec_handoff_preparations(handoff_status),strategic_directives_v2!sd_id(status),product_requirements_v2(title)";
  for (const name of ["stranger", "memberOfA", "inactiveInA", "operator"] as const) {
    const response = await cast.send(cast.people[name], related);
    expect(await response.json()).toEqual([
      {
        status: "active",
        exec_quality_checkpoints: expect.arrayContaining([{ checkpoint_name: "SECURITY" }]),
        exec_handoff_preparations: [{ handoff_status: "preparing" }],
        strategic_directives_v2: { status: "active" },
        product_requirements_v2: null,
      },
    ]);
  }
  expect((await cast.send(cast.people.anon, related)).status).toBe(401);
});
