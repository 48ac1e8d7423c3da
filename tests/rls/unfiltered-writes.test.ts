import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startDataApiOnly, type TestDataApi } from "../support/data-api.ts";
import { assemble, type Cast, type Company, type Person } from "./support/cast.ts";
import { type Metric, metricsOf, putMetric } from "./support/metrics.ts";
import { changesNothing } from "./support/snapshot.ts";

let api: TestDataApi;
let cast: Cast;
let member: Person;
let ofBoth: Person;
let ours: Company;
let theirs: Company;

beforeAll(async () => {
  api = await startDataApiOnly();
  cast = await assemble(api);
  member = cast.people.memberOfA;
  ofBoth = cast.people.memberOfAB;
  ours = cast.companies.A;
  theirs = cast.companies.B;
});
afterAll(() => api.stop());

/** What nobody names a row for. Each member's rows of the cast are gone after that, so this comes last. */
describe("a write without any filter", () => {
  const everything = () => cast.database.query<Metric>("select * from public.orchestration_metrics order by metric_id");
  const isOurs = (row: Metric) => row.company_id === ours.id;

  test("over HTTP changes the member's own rows only", async () => {
    // Rows which point at another company's are not to be written by a member of one.
    await cast.database.query("update public.orchestration_metrics set venture_id = null, session_id = null");
    const before = await everything();
    const response = await cast.send(member, "orchestration_metrics", {
      method: "PATCH",
      body: { api_calls_made: 77 },
    });
    expect(response.status).toBe(204);
    const after = await everything();
    expect(after.filter((row) => !isOurs(row))).toEqual(before.filter((row) => !isOurs(row)));
    expect(new Set(after.filter(isOurs).map((row) => row.api_calls_made))).toEqual(new Set([77]));
  });

  test.each(["stranger", "inactiveInA", "undecidedInA", "operator", "mintedOperator"] as const)(
    "changes and deletes nothing for %s",
    async (name) => {
      await changesNothing(cast.database, async () => {
        const person = cast.people[name];
        const patched = await cast.send(person, "orchestration_metrics", {
          method: "PATCH",
          body: { api_calls_made: 78 },
        });
        expect(patched.status).toBe(204);
        expect((await cast.send(person, "orchestration_metrics", { method: "DELETE" })).status).toBe(204);
        expect((await metricsOf(person).delete().select()).data).toEqual([]);
      });
    },
  );

  test.each(["PATCH", "DELETE"])("is denied to who is not signed in: %s", async (method) => {
    const body = method === "PATCH" ? { api_calls_made: 78 } : undefined;
    const response = await changesNothing(cast.database, () =>
      cast.send(cast.people.anon, "orchestration_metrics", { method, body }),
    );
    expect(response.status).toBe(401);
  });

  test.each([
    "exec_implementation_sessions",
    "exec_quality_checkpoints",
    "exec_handoff_preparations",
    "telemetry_analysis_runs",
    "okr_generation_log",
    "state_transitions",
    "companies",
    "user_company_access",
  ] as const)("is denied for %s", async (table) => {
    const response = await changesNothing(cast.database, () => cast.send(member, table, { method: "DELETE" }));
    expect(response.status).toBe(403);
  });

  test("over HTTP deletes the member's own rows only", async () => {
    const before = await everything();
    const response = await cast.send(member, "orchestration_metrics", { method: "DELETE" });
    expect(response.status).toBe(204);
    expect(await everything()).toEqual(before.filter((row) => !isOurs(row)));
    expect(before.filter(isOurs).length).toBeGreaterThan(1);
  });

  test("over supabase-js deletes the rows of both companies for a member of both", async () => {
    const before = await everything();
    await putMetric(cast.database, ours);
    const { data, error } = await metricsOf(ofBoth).delete().select("company_id");
    expect(error).toBeNull();
    expect(new Set(data?.map((row) => row.company_id))).toEqual(new Set([ours.id, theirs.id]));
    const rest = before.filter((row) => !isOurs(row) && row.company_id !== theirs.id);
    expect(await everything()).toEqual(rest);
    expect(rest.map((row) => row.company_id)).toContain(cast.companies.C.id);
    expect(rest.map((row) => row.company_id)).toContain(null);
  });
});
