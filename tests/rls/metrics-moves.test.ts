import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startDataApiOnly, type TestDataApi } from "../support/data-api.ts";
import { assemble, type Cast, type Company, type Person } from "./support/cast.ts";
import { metricsOf, putMetric, storedMetric } from "./support/metrics.ts";
import { expectRefused } from "./support/refusals.ts";

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

describe("moving a row from one company to another", () => {
  test("is refused to a member of the first only", async () => {
    await expectRefused(cast.database, () =>
      metricsOf(member).update({ company_id: theirs.id }).eq("metric_id", ours.metrics[1]),
    );
    await expectRefused(cast.database, () =>
      metricsOf(member).update({ company_id: theirs.id }).eq("metric_id", ours.metrics[1]).select(),
    );
  });

  test("is allowed to a member of both, and not to a third", async () => {
    const metric_id = await putMetric(cast.database, ours);
    const move = (company: Company) => metricsOf(ofBoth).update({ company_id: company.id }).eq("metric_id", metric_id);
    expect((await move(theirs)).error).toBeNull();
    expect(await storedMetric(cast.database, metric_id)).toMatchObject({ company_id: theirs.id });
    await expectRefused(cast.database, () => move(cast.companies.C));
  });

  test("takes no row along that is not in reach, though its own filter finds it", async () => {
    await putMetric(cast.database, ours);
    const before = await cast.database.query(
      "select * from public.orchestration_metrics where company_id is distinct from $1 order by metric_id",
      [ours.id],
    );
    const { data, error } = await metricsOf(member)
      .update({ company_id: ours.id, metadata: { moved: true } })
      .not("metric_id", "is", null)
      .select("company_id");
    expect(error).toBeNull();
    expect(new Set(data?.map((row) => row.company_id))).toEqual(new Set([ours.id]));
    const after = await cast.database.query(
      "select * from public.orchestration_metrics where company_id is distinct from $1 order by metric_id",
      [ours.id],
    );
    expect(after).toEqual(before);
  });
});

describe.each([
  ["venture_id", "venture"],
  ["session_id", "session"],
] as const)("the %s of a row", (column, field) => {
  test("may be one of the company's own, on insert and on update", async () => {
    const metric_id = randomUUID();
    const inserted = await metricsOf(member).insert({ metric_id, company_id: ours.id, [column]: ours[field] });
    expect(inserted.error).toBeNull();
    expect(await storedMetric(cast.database, metric_id)).toMatchObject({ [column]: ours[field] });
    const other = await putMetric(cast.database, ours);
    const updated = await metricsOf(member)
      .update({ [column]: ours[field] })
      .eq("metric_id", other);
    expect(updated.error).toBeNull();
    expect(await storedMetric(cast.database, other)).toMatchObject({ [column]: ours[field] });
  });

  test("is not another company's, on insert and on update", async () => {
    const foreign = { [column]: theirs[field] };
    await expectRefused(cast.database, () => metricsOf(member).insert({ company_id: ours.id, ...foreign }));
    await expectRefused(cast.database, () =>
      metricsOf(member)
        .insert({ company_id: ours.id, ...foreign })
        .select(),
    );
    await expectRefused(cast.database, () => metricsOf(member).update(foreign).eq("metric_id", ours.metrics[1]));
    await expectRefused(cast.database, () =>
      metricsOf(member).upsert({ metric_id: ours.metrics[1], company_id: ours.id, ...foreign }),
    );
  });

  test("does not tell which ids there are: an unknown one is refused in the same words", async () => {
    const unknown = { [column]: randomUUID() };
    const foreign = { [column]: theirs[field] };
    const insert = async (row: object) => metricsOf(member).insert({ company_id: ours.id, ...row });
    const update = async (row: object) => metricsOf(member).update(row).eq("metric_id", ours.metrics[1]);
    expect(await insert(unknown)).toEqual(await insert(foreign));
    expect(await update(unknown)).toEqual(await update(foreign));
    await expectRefused(cast.database, () => insert(unknown));
  });

  test("may be any of two companies' for a member of both", async () => {
    const metric_id = randomUUID();
    const { error } = await metricsOf(ofBoth).insert({ metric_id, company_id: ours.id, [column]: theirs[field] });
    expect(error).toBeNull();
    // A row that points where a member of one company cannot see is his to read, and not to put back.
    expect((await metricsOf(member).select(column).eq("metric_id", metric_id)).data).toEqual([
      { [column]: theirs[field] },
    ]);
    await expectRefused(cast.database, () =>
      metricsOf(member).update({ api_calls_made: 4 }).eq("metric_id", metric_id),
    );
  });
});
