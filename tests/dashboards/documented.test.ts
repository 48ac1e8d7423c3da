import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { SupabaseClient } from "@supabase/supabase-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { repositoryRoot } from "../../local/paths.ts";
import { document, documentedBlocks } from "../docs/support/markdown.ts";
import { type Client, startDataApiOnly, type TestDataApi } from "../support/data-api.ts";
import { somebody } from "./support/cast.ts";

let api: TestDataApi;
let supabase: Client;
let dashboards: string;
let operating: string;

beforeAll(async () => {
  dashboards = await document("docs/dashboards.md");
  operating = await document("docs/operating.md");
  api = await startDataApiOnly();
  await api.database.query(await readFile(join(repositoryRoot, "supabase", "seed.sql"), "utf8"));
  await api.createUser({ email: somebody });
  await api.database.query(
    `insert into public.user_company_access (user_id, company_id, is_active)
     select id, '${northwind}', true from auth.users where email = '${somebody}'`,
  );
  supabase = await api.signIn(somebody);
});
afterAll(() => api.stop());

const watching = () => dashboards.split("\n## Watch changes\n")[1] ?? "";

/** The views of the table, each with the call that asks it. */
const examples = () =>
  [...dashboards.matchAll(/^\| `(\w+)` \| [^|]+ \| `(supabase\.from.+)` \|$/gm)].map(([, view = "", call = ""]) => ({
    view,
    call,
  }));

/** Of the seed. */
const northwind = "c0000000-0000-4000-8000-000000000001";

type Answer = { data: Record<string, unknown>[] | null; error: unknown };
const run = (code: string, client: unknown): Promise<Answer> =>
  new Function("supabase", "companyId", `return (async () => await ${code})()`)(client, northwind);

describe("docs/dashboards.md", () => {
  test("are all views that there are", async () => {
    const inCatalogue = await api.database.query<{ name: string }>(
      "select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'v' order by 1",
    );
    expect(
      examples()
        .map(({ view }) => view)
        .sort(),
    ).toEqual(inCatalogue.map(({ name }) => name));
  });

  test("are asked by calls that find rows of the seed", async () => {
    for (const { view, call } of examples()) {
      expect(call).toContain(`.from("${view}")`);
      const { data, error } = await run(call, supabase);
      expect(error, call).toBeNull();
      expect(data?.length, call).toBeGreaterThan(0);
    }
  });
});

test("docs/dashboards.md asks for the days of a company as it says", async () => {
  const [code = "", ...none] = await documentedBlocks("docs/dashboards.md", "Dashboards", "ts");
  expect(none).toEqual([]);
  const days = await new Function("supabase", "companyId", `return (async () => { ${code}\nreturn days; })()`)(
    supabase,
    northwind,
  );
  expect(days.length).toBeGreaterThan(3);
});

describe("its way to watch changes", () => {
  test("names every table that is published, and no other", async () => {
    const [watched = ""] = watching().split("A view cannot be watched");
    const published = await api.database.query<{ name: string }>(
      "select tablename as name from pg_publication_tables where pubname = 'supabase_realtime' order by 1",
    );
    const named = [...watched.matchAll(/`(\w+)`/g)]
      .map(([, name]) => name)
      .filter((name) => name !== "supabase_realtime");
    expect(named.sort()).toEqual(published.map(({ name }) => name));
  });

  test("listens to a published table, and shows the session that changed", async () => {
    const [code = "", ...none] = await documentedBlocks("docs/dashboards.md", "Watch changes", "ts");
    expect(none).toEqual([]);
    expect((await documentedBlocks("README.md", "Build a dashboard", "ts")).at(-1)).toBe(code);
    let filter: { table?: string; schema?: string } = {};
    let heard: (change: object) => Promise<void> = async () => {};
    // Realtime itself is no part of the local stack: a channel that keeps what it is asked for.
    const channel = {
      on(kind: string, wanted: typeof filter, callback: typeof heard) {
        expect(kind).toBe("postgres_changes");
        filter = wanted;
        heard = callback;
        return channel;
      },
      subscribe: (told: (status: string) => void) => {
        told("SUBSCRIBED");
        return channel;
      },
    };
    const shown: unknown[][] = [];
    const client = { channel: () => channel, from: (supabase as SupabaseClient).from.bind(supabase) };
    new Function("supabase", "console", code)(client, { log: (...values: unknown[]) => shown.push(values) });

    expect(filter).toMatchObject({ schema: "public" });
    const [row] = await api.database.query<{ id: string }>(
      `select id from public.${filter.table} where sd_id = 'SD-2026-003'`,
    );
    await heard({ new: row });
    expect(shown).toEqual([
      ["SUBSCRIBED", undefined],
      ["SD-2026-003", "active", 1],
    ]);
    await heard({ new: {} });
    expect(shown).toHaveLength(2);
  });
});

test("docs/operating.md lists every snippet", async () => {
  const files = (await readdir(join(repositoryRoot, "supabase", "snippets"))).sort();
  const listed = [...operating.matchAll(/\]\(\.\.\/supabase\/snippets\/([^)]+\.sql)\)/g)];
  expect(listed.map(([, file]) => file).sort()).toEqual(files);
});
