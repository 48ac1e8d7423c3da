import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { expectProblem } from "../functions/support/problems.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";
import { assemble, type Cast, type CompanyName, type Person } from "./support/cast.ts";
import { every, openRoutes, routesOf, sendMetrics } from "./support/routes.ts";
import { changesNothing } from "./support/snapshot.ts";

let stack: TestStack;
let cast: Cast;
let routes: ReturnType<typeof routesOf>;
/** Signs in once; the token is valid for an hour, and stays the same in all that follows. */
let member: Person;

beforeAll(async () => {
  stack = await startTestStack();
  cast = await assemble(stack);
  routes = routesOf(stack, cast);
  member = cast.people.memberOfA;
});
afterAll(() => stack.stop());

const open = (company: CompanyName, person = member) => openRoutes(routes, person, cast.companies[company]);
const all = () => every(routes, true);
const none = () => every(routes, false);

async function setActive(isActive: boolean | null): Promise<void> {
  await cast.database.query("update public.user_company_access set is_active = $2 where user_id = $1", [
    member.userId,
    isActive,
  ]);
}

async function setCompany(company: CompanyName): Promise<void> {
  await cast.database.query("update public.user_company_access set company_id = $2 where user_id = $1", [
    member.userId,
    cast.companies[company].id,
  ]);
}

const leave = () => cast.database.query("delete from public.user_company_access where user_id = $1", [member.userId]);

const join = () =>
  cast.database.query("insert into public.user_company_access (user_id, company_id, is_active) values ($1, $2, true)", [
    member.userId,
    cast.companies.A.id,
  ]);

beforeEach(async () => {
  await leave();
  await join();
});

describe("with one token, valid for an hour", () => {
  test("access is gone by every route once it is not active any more, and back when it is", async () => {
    expect(await open("A")).toEqual(all());
    await setActive(false);
    expect(await open("A")).toEqual(none());
    await setActive(true);
    expect(await open("A")).toEqual(all());
    await setActive(null);
    expect(await open("A")).toEqual(none());
  });

  test("access is gone with the membership, and comes with a new one", async () => {
    await leave();
    expect(await open("A")).toEqual(none());
    await join();
    expect(await open("A")).toEqual(all());
  });

  test("access follows a membership that is moved to another company", async () => {
    await setCompany("B");
    expect(await open("A")).toEqual(none());
    expect(await open("B")).toEqual(all());
    await setCompany("A");
    expect(await open("A")).toEqual(all());
    expect(await open("B")).toEqual(none());
  });

  test("a second membership adds its company, and does not outlast itself", async () => {
    const added = [member.userId, cast.companies.C.id];
    await cast.database.query(
      "insert into public.user_company_access (user_id, company_id, is_active) values ($1, $2, true)",
      added,
    );
    expect([await open("A"), await open("B"), await open("C")]).toEqual([all(), none(), all()]);
    await cast.database.query(
      "update public.user_company_access set is_active = false where user_id = $1 and company_id = $2",
      added,
    );
    expect([await open("A"), await open("C")]).toEqual([all(), none()]);
  });

  test("nobody else's access changes with it", async () => {
    await setActive(false);
    expect(await open("A", cast.people.memberOfAB)).toEqual(all());
    expect(await open("B", cast.people.memberOfB)).toEqual(all());
  });

  test("the token is the one of the first sign-in still", async () => {
    const { data } = await member.client.auth.getSession();
    expect(member.headers.authorization).toBe(`Bearer ${data.session?.access_token}`);
    expect(data.session?.expires_in).toBeGreaterThanOrEqual(3600);
  });
});

describe("with a token that was minted for the functions", () => {
  test("access comes and goes as well", async () => {
    const token = await stack.mintToken({ sub: member.userId });
    const minted = { ...member, headers: { ...member.headers, authorization: `Bearer ${token}` } };
    const record = async () => {
      const response = await sendMetrics(stack, minted, [{ company_id: cast.companies.A.id }]);
      return ((await response.json()) as { accepted: number }).accepted;
    };
    expect(await record()).toBe(1);
    await setActive(false);
    expect(await changesNothing(cast.database, record)).toBe(0);
    await setActive(true);
    expect(await record()).toBe(1);
  });
});

describe("a request that is repeated after its sender has lost access", () => {
  test("is answered as it was then, and writes nothing", async () => {
    const key = { "idempotency-key": randomUUID() };
    const rows = [{ company_id: cast.companies.A.id }];
    const first = await (await sendMetrics(stack, member, rows, key)).json();
    expect(first).toMatchObject({ accepted: 1 });
    await setActive(false);
    const again = await changesNothing(cast.database, () => sendMetrics(stack, member, rows, key));
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await again.json()).toEqual(first);
  });
});

test("what a user says of himself gives him no access", async () => {
  const { client } = cast.people.inactiveInA;
  await client.auth.updateUser({ data: { company_id: cast.companies.A.id, leo_role: "operator", is_active: true } });
  const { data } = await client.auth.refreshSession();
  const token = data.session?.access_token ?? "";
  expect(token).not.toBe("");
  const person = {
    ...cast.people.inactiveInA,
    headers: { apikey: stack.publishableKey, authorization: `Bearer ${token}` },
  };
  const routes = routesOf(stack, cast);
  expect(await openRoutes(routes, person, cast.companies.A)).toEqual(every(routes, false));
  const response = await stack.call("telemetry-runs", {
    headers: { ...person.headers, "content-type": "application/json" },
    body: {},
  });
  await expectProblem(response, "forbidden");
});
