import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { type Client, startDataApiOnly, type TestDataApi } from "../../support/data-api.ts";
import { findLeaks } from "../../support/leak-watch-patterns.ts";
import { firstFinding } from "./support/fuzz.ts";
import { hostileText, sqlTexts } from "./support/hostile-texts.ts";
import { hostileValue } from "./support/hostile-values.ts";
import { bodyOf, createClient, type HttpClient, type HttpRequest } from "./support/http-client.ts";
import { jsonText } from "./support/json-text.ts";
import { runs, timeout } from "./support/runs.ts";
import { shownRequest } from "./support/shown.ts";

let api: TestDataApi;
let http: HttpClient;
let member: Client;
let headers: Record<string, string>;
let ours: string;
let theirs: string;

/** Nobody can guess it, so that whoever shows it has read it. */
const secretOfTheirs = randomUUID();

async function company(): Promise<string> {
  const [row] = await api.database.query<{ id: string }>(
    "insert into public.companies (name) values ('A company') returning id",
  );
  return row?.id ?? "";
}

/** What the member has no business with: rows of another company, and of none. */
const others = () =>
  api.database.query("select * from public.orchestration_metrics where company_id is distinct from $1 order by 1", [
    ours,
  ]);

beforeAll(async () => {
  api = await startDataApiOnly();
  http = createClient(Number(new URL(api.url).port));
  ours = await company();
  theirs = await company();
  const id = await api.createUser({ email: "member@example.test" });
  await api.database.query(
    "insert into public.user_company_access (user_id, company_id, is_active) values ($1, $2, true)",
    [id, ours],
  );
  await api.database.query(
    `insert into public.orchestration_metrics (company_id, agents_involved, metadata, action_count)
     select company, array[$2], jsonb_build_object('theirs', $2), 7 from unnest(array[$1::uuid, $1, null]) company`,
    [theirs, secretOfTheirs],
  );
  member = await api.signIn("member@example.test");
  const { data } = await member.auth.getSession();
  headers = { apikey: api.publishableKey, authorization: `Bearer ${data.session?.access_token}` };
});

afterAll(async () => {
  http.close();
  await api.stop();
});

/** As PostgREST wants values with reserved characters. */
const quoted = (text: string) => `"${text.replace(/[\\"]/g, "\\$&")}"`;

test.each(sqlTexts)("%j is kept as text, and as a filter it finds nothing else", async (text) => {
  const metric_id = randomUUID();
  const row = { metric_id, company_id: ours, agents_involved: [text], metadata: { text, [text]: [text] } };
  const table = () => member.from("orchestration_metrics");
  const { error } = await table().insert(row);
  expect(error).toBeNull();
  const { data: kept } = await table().select().eq("metric_id", metric_id);
  expect(kept).toEqual([expect.objectContaining(row)]);
  const stored = await api.database.query(
    "select metric_id, company_id, agents_involved, metadata from public.orchestration_metrics where metric_id = $1",
    [metric_id],
  );
  expect(stored).toEqual([row]);

  const queries = [
    table().select().eq("metadata->>text", text),
    table().select().in("metadata->>text", [text]),
    table()
      .select()
      .or(`metadata->>text.eq.${quoted(text)},metric_id.eq.${randomUUID()}`),
    table().select().contains("metadata", { text }),
    table().select().contains("agents_involved", [text]),
    table()
      .select()
      .like("metadata->>text", text.replace(/[\\%_]/g, "\\$&")),
  ];
  for (const [index, query] of queries.entries()) {
    const { status, data } = await query;
    expect([index, status]).toEqual([index, expect.toBeOneOf([200, 400])]);
    // PostgREST and supabase-js differ in how they quote: a filter may find nothing, but nothing besides.
    expect((data ?? []).filter((found) => found.metric_id !== metric_id)).toEqual([]);
  }
});

const columns = ["metric_id", "company_id", "stage_id", "stage_duration", "agents_involved", "recorded_at", "metadata"];
const operators = [
  ...["eq", "neq", "gt", "lte", "like", "ilike", "match", "imatch", "in", "is", "isdistinct", "fts", "plfts", "wfts"],
  ...["cs", "cd", "ov", "sl", "sr", "nxr", "adj", "not.eq", "not.is", "like(any)", "eq(all)", "eq.eq", "x", ""],
];

const column = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...columns) },
  { weight: 2, arbitrary: hostileText.map((text) => `metadata->>${text.slice(0, 100)}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("metadata->theirs", "companies.name", "public.companies", "*", "ctid", "xmin"),
  },
  { weight: 1, arbitrary: hostileText.map((text) => text.slice(0, 100)) },
);
const value = fc.oneof(
  hostileText.map((text) => text.slice(0, 300)),
  fc.constantFrom(...sqlTexts).map((text) => quoted(text)),
  fc.constantFrom(...sqlTexts).map((text) => `(${text})`),
  fc.constantFrom("(", ")", "()", "(1,2", "{", "{}", "{x}", "[1,2)", "*", "%", "null", "true", "-1", "1.5", "1e400"),
);
const condition = fc.tuple(column, fc.constantFrom(...operators), value);
const parameter: fc.Arbitrary<readonly [name: string, value: string]> = fc.oneof(
  { weight: 4, arbitrary: condition.map(([name, operator, text]) => [name, `${operator}.${text}`] as const) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom("or", "and", "not.or", "not.and"), fc.array(condition, { minLength: 1, maxLength: 3 }))
      .map(([name, conditions]) => [name, `(${conditions.map((parts) => parts.join(".")).join(",")})`] as const),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(
      fc.constantFrom("select", "order", "limit", "offset", "or", "columns", "on_conflict", "company_id"),
      fc.oneof(
        value,
        column,
        fc.constantFrom(
          ...[
            "*,companies(*)",
            "companies!inner(*)",
            "*,ventures(*)",
            "company_id::text",
            "x:metadata->theirs",
            "count()",
          ],
          ...["action_count.sum()", "...companies(name)", "metric_id.desc.nullslast", "(metric_id.not.is.null)", "1=1"],
        ),
      ),
    ),
  },
);
const request = fc.record({
  method: fc.constantFrom("GET", "GET", "GET", "GET", "DELETE", "PATCH", "POST"),
  parameters: fc.array(parameter, { minLength: 1, maxLength: 4 }),
  prefer: fc.constantFrom("return=representation", "count=exact", "resolution=merge-duplicates,return=representation"),
  body: fc.oneof(
    fc.constant({ action_count: 1 }),
    fc.record({
      company_id: fc.constantFrom("", "'"),
      metadata: fc.dictionary(hostileText, hostileText, { maxKeys: 2 }),
    }),
    fc.array(fc.record({ agents_involved: fc.array(hostileText, { maxLength: 2 }) }), { maxLength: 2 }),
    hostileValue,
  ),
});

/**
 * What @supabase/lite itself fails at, and PostgREST, which is in its place on Supabase, refuses: values in braces or
 * with one quote, and a NUL in a name, which tears the message to PostgreSQL apart.
 */
const STAND_IN_FAILURE = /"code":"(SUP|08P01)"/;

/** No unpaired surrogate has a percent-encoding. */
const encoded = (text: string) => encodeURIComponent(text.replace(/\p{Surrogate}/gu, "\ufffd"));

test("no query shows, changes or removes what belongs to others, or makes the Data API fail", { timeout }, async () => {
  const before = await others();
  expect(before).toHaveLength(3);
  const secrets = inject("secrets");
  const hidden = [secretOfTheirs, theirs, ...before.map(({ metric_id }) => String(metric_id))];
  // It prints what it refuses, with stacks of its own.
  const printed = vi.spyOn(console, "error").mockImplementation(() => {});
  const finding = await firstFinding(request, runs(2_000), async ({ method, parameters, prefer, body }) => {
    const query = parameters.map(([name, text]) => `${encoded(name)}=${encoded(text)}`).join("&");
    const sent: HttpRequest = {
      method,
      path: `/rest/v1/orchestration_metrics?${query}`,
      headers: { ...headers, prefer, "content-type": "application/json" },
      body: /^P/.test(method) ? Buffer.from(jsonText(body)) : undefined,
    };
    const { status, text } = await http.send(sent);
    const content = [...parameters.flat(), bodyOf(sent).toString("utf8"), ...sqlTexts].join("\n");
    const [leak] = findLeaks(text, secrets, (match) => content.includes(match));
    const wrong = [
      ...(status >= 500 && !STAND_IN_FAILURE.test(text) ? [`the status is ${status}`] : []),
      ...hidden.filter((secret) => text.includes(secret)).map(() => "it shows what belongs to others"),
      ...(leak ? [`it shows ${leak.what}: ${leak.where}`] : []),
    ];
    return wrong[0] && `${wrong[0]}\n${shownRequest(sent)}\n→ ${status} ${text.slice(0, 1_000)}`;
  });
  printed.mockRestore();
  expect(finding).toBeUndefined();
  expect(await others()).toEqual(before);
});
