import { afterAll, describe, expect, test } from "vitest";
import { machinesOf } from "../../machines/support/machines.ts";
import { matrix } from "../../rls/matrix.ts";
import { assemble } from "../../rls/support/cast.ts";
import { named } from "./support/credential.ts";
import { digestOf } from "./support/digest.ts";
import { hostileTokens } from "./support/hostile-tokens.ts";
import { hostileKeys } from "./support/keys.ts";
import { startCast } from "./support/people.ts";
import { seedRequests } from "./support/requests.ts";
import { usersWithoutTheRole } from "./support/users.ts";

const cast = await startCast();
const { stack } = cast;
const { database } = stack;

await seedRequests(database, machinesOf(database));
// Rows in every table: where there are none, what is open looks like what is refused.
await assemble(stack);
await database.query(
  `insert into public.user_company_access (user_id, company_id, is_active)
   select $1, id, true from public.companies`,
  [cast.operator.id],
);

/** What anon may read: the one table that a documented policy opens. */
const OPEN = "telemetry_analysis_runs";
/** What a user without a company sees nothing of. */
const OF_COMPANIES = Object.keys(matrix).filter((table) => matrix[table]?.stranger[0] === "none");
const tables = (
  await database.query<{ name: string }>(
    `select relname as name from pg_class
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f') order by 1`,
  )
).map(({ name }) => name);

// Whatever is signed with the project's own secret is what Data API and Auth go by.
const forged = [...hostileKeys(cast), ...hostileTokens(cast)].filter(({ genuine }) => !genuine);
let requests = 0;

afterAll(async () => {
  console.info(`hostile credentials at Data API and Auth: ${forged.length} credentials, ${requests} requests`);
  await stack.stop();
});

function ask(path: string, headers: Record<string, string>, method = "GET", body?: unknown): Promise<Response> {
  requests += 1;
  return fetch(`${stack.url}/${path}`, {
    method,
    headers: body === undefined ? headers : { ...headers, "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
}

describe("there are rows to be seen by those who may", () => {
  test.each(tables)("%s", async (table) => {
    const [owner] = await database.query<{ count: number }>(`select count(*)::integer from public.${table}`);
    expect(owner?.count).toBeGreaterThan(0);
    const answer = await ask(`rest/v1/${table}?limit=1`, { apikey: stack.secretKey });
    expect([answer.status, await answer.json()]).toEqual([200, [expect.anything()]]);
  });
});

describe("sees what anon sees at most, and changes nothing", () => {
  test.each(named(forged))("%s", async (_name, { headers }) => {
    const before = await digestOf(database, ["public", "leo", "auth"]);
    for (const table of tables) {
      const response = await ask(`rest/v1/${table}?select=*`, headers);
      const text = await response.text();
      if (response.ok && table === OPEN) continue;
      expect([table, response.status, text]).toEqual([table, expect.toBeOneOf([401, 403]), expect.any(String)]);
    }
    for (const [method, path, body] of [
      ["POST", `rest/v1/${OPEN}`, { scope_id: "mine" }],
      ["PATCH", `rest/v1/${OPEN}?status=eq.QUEUED`, { status: "CANCELLED" }],
      ["DELETE", `rest/v1/${OPEN}?run_id=not.is.null`],
      ["POST", "rest/v1/orchestration_metrics", { action_count: 1 }],
      ["DELETE", "rest/v1/orchestration_metrics?metric_id=not.is.null"],
      ["POST", "rest/v1/rpc/move_exec_session", { id: cast.operator.id }],
    ] as const) {
      const response = await ask(path, headers, method, body);
      expect([method, path, response.status]).toEqual([method, path, expect.toBeOneOf([401, 403, 404])]);
    }
    expect(await digestOf(database, ["public", "leo", "auth"])).toEqual(before);
  });
});

describe("is nobody to Auth", () => {
  test.each(named(forged))("%s", async (_name, { headers }) => {
    for (const [method, path, body] of [
      ["GET", "auth/v1/user"],
      ["PUT", "auth/v1/user", { data: { leo_role: "operator" } }],
      ["GET", "auth/v1/admin/users"],
      ["POST", "auth/v1/admin/users", { email: "mine@example.com" }],
      ["POST", "auth/v1/logout", {}],
    ] as const) {
      const response = await ask(path, headers, method, body);
      expect([method, path, response.status]).toEqual([method, path, expect.toBeOneOf([400, 401, 403, 404])]);
    }
  });
});

describe("a role that is none of the three is nobody's, also where the token is genuine", () => {
  const odd = hostileTokens(cast).filter(({ name }) =>
    /^HS256, of (the role (postgres|supabase_admin)|a list)/.test(name),
  );

  test.each(named(odd))("%s", async (_name, { headers }) => {
    for (const table of tables) {
      const response = await ask(`rest/v1/${table}`, headers);
      expect([table, response.status]).toEqual([table, expect.toBeOneOf([401, 403])]);
    }
  });

  test("there are such tokens", () => expect(odd).toHaveLength(3));
});

describe("sees no more than any signed-in user", () => {
  // The local Data API knows no ES256.
  const users = usersWithoutTheRole(cast).filter(({ name }) => !name.startsWith("ES256"));

  test.each(named(users))("%s", async (_name, { headers }) => {
    for (const table of OF_COMPANIES) {
      const response = await ask(`rest/v1/${table}?select=*`, headers);
      if (response.ok) expect([table, await response.json()]).toEqual([table, []]);
      else expect([table, response.status]).toEqual([table, expect.toBeOneOf([401, 403])]);
    }
  });
});
