import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startDataApiOnly, type TestDataApi } from "../support/data-api.ts";
import { assemble, type Cast, type PersonName } from "./support/cast.ts";
import { changesNothing } from "./support/snapshot.ts";

let api: TestDataApi;
let cast: Cast;

beforeAll(async () => {
  api = await startDataApiOnly();
  cast = await assemble(api);
});
afterAll(() => api.stop());

describe("nobody lets himself in", () => {
  const knocking: PersonName[] = ["stranger", "inactiveInA", "undecidedInA", "memberOfA", "operator"];

  test.each(knocking)("%s: by no write to memberships", async (name) => {
    const { client, userId } = cast.people[name];
    const access = () => client.from("user_company_access");
    const row = { user_id: userId, company_id: cast.companies.B.id, is_active: true };
    await changesNothing(cast.database, async () => {
      const answers = [
        await access().insert(row),
        await access().insert(row).select(),
        await access().upsert({ ...row, company_id: cast.companies.A.id }, { onConflict: "user_id,company_id" }),
        await access().upsert(row, { onConflict: "user_id,company_id", ignoreDuplicates: true }),
        await access().update({ is_active: true }).eq("user_id", userId),
        await access().update({ company_id: cast.companies.B.id }).eq("user_id", userId).select(),
        await access().update({ user_id: userId }).eq("user_id", cast.people.memberOfB.userId),
        await access().delete().eq("company_id", cast.companies.A.id),
      ];
      for (const { error, status, data } of answers) {
        expect({ code: error?.code, status, data }).toEqual({ code: "42501", status: 403, data: null });
      }
    });
  });

  test.each(knocking)("%s: nor by taking a venture, a session or a company over", async (name) => {
    const { client } = cast.people[name];
    const { A, B } = cast.companies;
    await changesNothing(cast.database, async () => {
      const answers = [
        await client.from("ventures").update({ company_id: A.id }).eq("id", B.venture),
        await client.from("ventures").upsert({ id: B.venture, company_id: A.id, name: "n", problem_statement: "p" }),
        await client.from("eva_orchestration_sessions").update({ company_id: A.id }).eq("session_id", B.session),
        await client.from("companies").insert({ name: "mine" }),
        await client.from("companies").update({ name: "mine" }).eq("id", A.id),
      ];
      for (const { error } of answers) expect(error?.code).toBe("42501");
    });
  });
});
