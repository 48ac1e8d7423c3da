import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startDataApiOnly, type TestDataApi } from "../support/data-api.ts";
import { assemble, type Cast, personNames } from "./support/cast.ts";
import { changesNothing } from "./support/snapshot.ts";

let api: TestDataApi;
let cast: Cast;

beforeAll(async () => {
  api = await startDataApiOnly();
  cast = await assemble(api);
});
afterAll(() => api.stop());

describe("what a later migration makes", () => {
  let later: TestDataApi;

  beforeAll(async () => {
    await cast.database.query(
      `create function public.reset_everything() returns integer language sql set search_path = '' as
       'update public.orchestration_metrics set api_calls_made = 1 returning 1'`,
    );
    await cast.database.query(
      `create function public.raise_everybody() returns integer language sql security definer set search_path = '' as
       'update public.user_company_access set is_active = true returning 1'`,
    );
    await cast.database.query("create table public.notes (id integer primary key, text text)");
    await cast.database.query("insert into public.notes values (1, 'a note')");
    // The Data API reads the schema once, at its start.
    later = await startDataApiOnly(api.database);
  });
  afterAll(() => later.stop());

  const send = (path: string, headers: Record<string, string>, init: RequestInit = {}) =>
    fetch(`${later.url}/rest/v1/${path}`, { ...init, headers: { ...headers, "content-type": "application/json" } });

  test.each(["reset_everything", "raise_everybody"])("a function is for services only at first: %s", async (name) => {
    await changesNothing(cast.database, async () => {
      for (const personName of personNames.filter((who) => who !== "service")) {
        const response = await send(`rpc/${name}`, cast.people[personName].headers, { method: "POST", body: "{}" });
        expect(`${personName} ${response.status}`).toBe(`${personName} ${personName === "anon" ? 401 : 403}`);
        expect(await response.json()).toMatchObject({ code: "42501" });
      }
    });
    const response = await send(`rpc/${name}`, cast.people.service.headers, { method: "POST", body: "{}" });
    expect(response.status).toBe(200);
  });

  test("a table is there for services only, even without row level security", async () => {
    for (const personName of personNames) {
      const { headers } = cast.people[personName];
      const response = await send("notes", headers);
      const status = personName === "service" ? 200 : personName === "anon" ? 401 : 403;
      expect(`${personName} ${response.status}`).toBe(`${personName} ${status}`);
      if (status === 200) expect(await response.json()).toEqual([{ id: 1, text: "a note" }]);
      else {
        const written = await send("notes", headers, { method: "POST", body: JSON.stringify({ id: 2 }) });
        expect(written.status).toBe(status);
      }
    }
    expect(await cast.database.query("select id from public.notes")).toEqual([{ id: 1 }]);
  });
});
