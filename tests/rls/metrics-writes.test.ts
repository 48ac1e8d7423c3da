import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startDataApiOnly, type TestDataApi } from "../support/data-api.ts";
import { assemble, type Cast, type Company, type Person } from "./support/cast.ts";
import { metricsOf, putMetric, storedMetric } from "./support/metrics.ts";
import { byPolicy, expectRefused } from "./support/refusals.ts";
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

describe("a row that comes back from its insert", () => {
  test("is the member's own", async () => {
    const row = { metric_id: randomUUID(), company_id: ours.id, api_calls_made: 1 };
    const { data, error } = await metricsOf(member).insert(row).select();
    expect(error).toBeNull();
    expect(data).toMatchObject([row]);
    expect(await storedMetric(cast.database, row.metric_id)).toMatchObject(row);
  });

  test("is not another company's", async () => {
    await expectRefused(cast.database, () => metricsOf(member).insert({ company_id: theirs.id }).select());
  });

  test.each([["inactiveInA" as const], ["undecidedInA" as const], ["stranger" as const], ["operator" as const]])(
    "is not there for %s",
    async (name) => {
      await expectRefused(cast.database, () => metricsOf(cast.people[name]).insert({ company_id: ours.id }).select());
    },
  );
});

describe("a row of no company", () => {
  test("is not inserted by a member, whether or not he says so", async () => {
    await expectRefused(cast.database, () => metricsOf(member).insert({ company_id: null }));
    await expectRefused(cast.database, () => metricsOf(member).insert({ action_count: 3 }));
  });

  test("is not what a member makes of his own", async () => {
    await expectRefused(cast.database, () =>
      metricsOf(member).update({ company_id: null }).eq("metric_id", ours.metrics[0]),
    );
  });
});

describe("many rows at once", () => {
  test("are all or nothing, where one is another company's", async () => {
    const batch = [{ company_id: ours.id }, { company_id: theirs.id }, { company_id: ours.id }];
    await expectRefused(cast.database, () => metricsOf(member).insert(batch));
    await expectRefused(cast.database, () => metricsOf(member).insert(batch).select());
    await expectRefused(cast.database, () => metricsOf(member).insert(batch, { defaultToNull: false }));
    await expectRefused(cast.database, () =>
      metricsOf(member).upsert(batch.map((row) => ({ ...row, metric_id: randomUUID() }))),
    );
  });

  test("of two companies are inserted by a member of both", async () => {
    const batch = [ours, theirs].map(({ id }) => ({ metric_id: randomUUID(), company_id: id }));
    expect((await metricsOf(ofBoth).insert(batch)).error).toBeNull();
    for (const row of batch) expect(await storedMetric(cast.database, row.metric_id)).toMatchObject(row);
    await expectRefused(cast.database, () =>
      metricsOf(ofBoth).insert([{ company_id: ours.id }, { company_id: cast.companies.C.id }]),
    );
  });
});

describe("an upsert", () => {
  test("onto a row of one's own changes that row", async () => {
    const metric_id = await putMetric(cast.database, ours);
    const row = { metric_id, company_id: ours.id, api_calls_made: 5 };
    const { data, error } = await metricsOf(member).upsert(row).select("metric_id, api_calls_made");
    expect(error).toBeNull();
    expect(data).toEqual([{ metric_id, api_calls_made: 5 }]);
    expect(await storedMetric(cast.database, metric_id)).toMatchObject(row);
  });

  test("that ignores duplicates leaves a row of one's own as it is", async () => {
    const metric_id = await putMetric(cast.database, ours);
    const row = { metric_id, company_id: ours.id, api_calls_made: 5 };
    const answer = await changesNothing(cast.database, async () =>
      metricsOf(member).upsert(row, { ignoreDuplicates: true }).select(),
    );
    expect(answer).toMatchObject({ error: null, data: [] });
  });

  test("onto another company's row is refused, whichever company it names", async () => {
    for (const company of [ours, theirs]) {
      const row = { metric_id: theirs.metrics[0], company_id: company.id, api_calls_made: 5 };
      await expectRefused(cast.database, () => metricsOf(member).upsert(row));
      await expectRefused(cast.database, () => metricsOf(member).upsert(row).select());
    }
  });

  test("that ignores duplicates leaves another company's row as it is, and shows nothing of it", async () => {
    const row = { metric_id: theirs.metrics[0], company_id: ours.id, api_calls_made: 5 };
    const answer = await changesNothing(cast.database, async () =>
      metricsOf(member).upsert(row, { ignoreDuplicates: true }).select(),
    );
    expect(answer).toMatchObject({ error: null, data: [] });
    await expectRefused(cast.database, () =>
      metricsOf(member)
        .upsert({ ...row, company_id: theirs.id }, { ignoreDuplicates: true })
        .select(),
    );
  });

  test("by PUT onto another company's row is refused", async () => {
    const metric_id = theirs.metrics[0];
    const body = { metric_id, company_id: ours.id };
    const response = await changesNothing(cast.database, () =>
      cast.send(member, `orchestration_metrics?metric_id=eq.${metric_id}`, {
        method: "PUT",
        body,
        headers: { prefer: "return=representation" },
      }),
    );
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject(byPolicy);
  });

  test("does not take another column than a unique one to tell rows apart", async () => {
    const answer = await changesNothing(cast.database, async () =>
      metricsOf(member).upsert({ company_id: ours.id }, { onConflict: "company_id" }).select(),
    );
    expect(answer.error?.code).toBe("42P10");
  });
});

describe("the id of another company's row", () => {
  test("is taken, and that is all that an insert tells", async () => {
    const row = { metric_id: theirs.metrics[0], company_id: ours.id };
    for (const insert of [() => metricsOf(member).insert(row), () => metricsOf(member).insert(row).select()]) {
      const { status, data, error } = await changesNothing(cast.database, async () => insert());
      expect({ status, data }).toEqual({ status: 409, data: null });
      expect(error).toEqual({
        code: "23505",
        // PostgreSQL names the key's values there, but not where there is row level security.
        details: null,
        hint: null,
        message: 'duplicate key value violates unique constraint "orchestration_metrics_pkey"',
      });
    }
  });

  test("is not told to be taken to who names that company", async () => {
    await expectRefused(cast.database, () =>
      metricsOf(member).insert({ metric_id: theirs.metrics[0], company_id: theirs.id }),
    );
  });

  test("selects nothing to change or delete", async () => {
    for (const write of [
      () => metricsOf(member).update({ api_calls_made: 9 }).eq("metric_id", theirs.metrics[0]).select(),
      () => metricsOf(member).update({ company_id: ours.id }).eq("metric_id", theirs.metrics[0]).select(),
      () => metricsOf(member).delete().eq("metric_id", theirs.metrics[0]).select(),
      () => metricsOf(member).delete().eq("company_id", theirs.id).select(),
      () => metricsOf(member).delete().is("company_id", null).select(),
    ]) {
      expect(await changesNothing(cast.database, async () => write())).toMatchObject({ error: null, data: [] });
    }
  });

  test("is not what a member may give to a row of his own", async () => {
    const answer = await changesNothing(cast.database, async () =>
      metricsOf(member).update({ metric_id: theirs.metrics[0] }).eq("metric_id", ours.metrics[0]).select(),
    );
    expect(answer).toMatchObject({ data: null, error: { code: "23505", details: null } });
  });
});

describe("a preference of the request", () => {
  const post = (prefer: string, body: unknown) =>
    cast.send(member, "orchestration_metrics", { method: "POST", body, headers: { prefer } });

  test.each([
    "return=representation",
    "return=headers-only",
    "resolution=merge-duplicates",
    "resolution=merge-duplicates, return=representation",
    "tx=commit, return=representation",
    "tx=rollback, return=representation",
    "missing=default, return=representation",
    "handling=strict, return=representation",
    "max-affected=1000, handling=strict, return=representation",
  ])("does not let another company's row in: %s", async (prefer) => {
    const response = await changesNothing(cast.database, () => post(prefer, [{ company_id: theirs.id }]));
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject(byPolicy);
  });

  test("does not overwrite another company's row by ignoring duplicates", async () => {
    const row = { metric_id: theirs.metrics[0], company_id: ours.id };
    const response = await changesNothing(cast.database, () =>
      post("resolution=ignore-duplicates, return=representation", [row]),
    );
    expect({ status: response.status, rows: await response.json() }).toEqual({ status: 201, rows: [] });
  });
});
