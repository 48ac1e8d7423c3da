import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectProblem } from "../functions/support/problems.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";
import { assemble, type Cast, type CompanyName, companyNames, personNames } from "./support/cast.ts";
import { storedMetric } from "./support/metrics.ts";
import { recordMetrics, sendMetrics } from "./support/routes.ts";
import { changesNothing } from "./support/snapshot.ts";

let stack: TestStack;
let cast: Cast;

beforeAll(async () => {
  stack = await startTestStack();
  cast = await assemble(stack);
});
afterAll(() => stack.stop());

const users = personNames.filter((name) => name !== "anon" && name !== "service");
const members = users.filter((name) => name.startsWith("member"));

describe("a batch of rows of all companies, sent to the function", () => {
  test.each(users)("by %s: those of the own companies go in", async (name) => {
    const person = cast.people[name];
    const rows = [...companyNames, ...companyNames].map((company) => ({
      metric_id: randomUUID(),
      company_id: cast.companies[company].id,
    }));
    const answer = await recordMetrics(stack, person, rows);
    for (const [i, { metric_id, company_id }] of rows.entries()) {
      const mine = person.companies.includes(companyNames[i % 3] as CompanyName);
      expect(answer.results[i]).toEqual({
        index: i,
        metric_id,
        outcome: mine ? "accepted" : "rejected",
        ...(mine ? {} : { error: "company_id: no such company, or no access to it" }),
      });
      expect(await storedMetric(cast.database, metric_id)).toEqual(
        mine ? expect.objectContaining({ company_id }) : undefined,
      );
    }
    expect(answer.accepted).toBe(2 * person.companies.length);
  });
});

describe("a venture or a session of another company", () => {
  test.each(members)("is not what %s records for, nor is it told from one that is not there", async (name) => {
    const person = cast.people[name];
    const [own] = person.companies as [CompanyName];
    const company_id = cast.companies[own].id;
    const foreign = companyNames.filter((company) => !person.companies.includes(company));
    for (const company of foreign) {
      const { venture, session } = cast.companies[company];
      const { results } = await changesNothing(cast.database, () =>
        recordMetrics(stack, person, [
          { company_id, venture_id: venture },
          { company_id, venture_id: randomUUID() },
          { company_id, session_id: session },
          { company_id, session_id: randomUUID() },
        ]),
      );
      expect(results.map(({ outcome }) => outcome)).toEqual(Array(4).fill("rejected"));
      expect(results[0]?.error).toBe(results[1]?.error);
      expect(results[2]?.error).toBe(results[3]?.error);
    }
  });
});

describe("the id of a row that is there", () => {
  test("is a duplicate to the function's callers, with nothing of the row, whoever's it is", async () => {
    const { A, B } = cast.companies;
    const row = { company_id: A.id, api_calls_made: 99 };
    const response = await changesNothing(cast.database, () =>
      sendMetrics(stack, cast.people.memberOfA, [
        { ...row, metric_id: B.metrics[0] },
        { ...row, metric_id: A.metrics[0] },
      ]),
    );
    const text = await response.text();
    expect(JSON.parse(text)).toEqual({
      accepted: 0,
      duplicates: 2,
      rejected: 0,
      results: [
        { index: 0, metric_id: B.metrics[0], outcome: "duplicate" },
        { index: 1, metric_id: A.metrics[0], outcome: "duplicate" },
      ],
    });
    expect(text).not.toContain(B.mark);
    expect(text).not.toContain(B.id);
  });

  test("is not even that to who names the other company", async () => {
    const { B } = cast.companies;
    const { results } = await changesNothing(cast.database, () =>
      recordMetrics(stack, cast.people.memberOfA, [{ metric_id: B.metrics[0], company_id: B.id }]),
    );
    expect(results[0]).toMatchObject({ outcome: "rejected" });
  });
});

describe("an Idempotency-Key", () => {
  test("is each user's own: the same one of another user is answered for him", async () => {
    const key = { "idempotency-key": randomUUID() };
    const [ofA, ofB] = [cast.people.memberOfA, cast.people.memberOfB];
    const rowsFor = (company: CompanyName) => [{ company_id: cast.companies[company].id }];
    const first = await sendMetrics(stack, ofA, rowsFor("A"), key);
    const text = await first.text();
    expect(JSON.parse(text)).toMatchObject({ accepted: 1 });

    const own = await sendMetrics(stack, ofB, rowsFor("B"), key);
    expect(own.headers.get("idempotency-replayed")).toBeNull();
    expect(await own.json()).toMatchObject({ accepted: 1 });
    // The very request of the first user, by the second: no replay of what the first one was told.
    const copied = await sendMetrics(stack, cast.people.memberOfC, rowsFor("A"), key);
    expect(copied.headers.get("idempotency-replayed")).toBeNull();
    expect(await copied.json()).toMatchObject({ accepted: 0, rejected: 1 });

    const again = await sendMetrics(stack, ofA, rowsFor("A"), key);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await again.text()).toBe(text);
  });
});

describe("the function's token", () => {
  test("minted for somebody else makes nobody a member", async () => {
    const { A } = cast.companies;
    const claims = [
      { sub: cast.people.operator.userId, app_metadata: { leo_role: "operator" } },
      { sub: cast.people.stranger.userId, app_metadata: { leo_role: "chairman", company_id: A.id } },
      { sub: cast.people.inactiveInA.userId, user_metadata: { company_id: A.id, is_active: true } },
      // Whoever that may be.
      { sub: randomUUID() },
    ];
    for (const claim of claims) {
      const person = {
        ...cast.people.stranger,
        headers: { apikey: stack.publishableKey, authorization: `Bearer ${await stack.mintToken(claim)}` },
      };
      const { results } = await changesNothing(cast.database, () =>
        recordMetrics(stack, person, [{ company_id: A.id }]),
      );
      expect(results[0]).toMatchObject({ outcome: "rejected" });
    }
  });

  test("minted for a member is as good as a sign-in", async () => {
    const token = await stack.mintToken({ sub: cast.people.memberOfA.userId });
    const headers = { apikey: stack.publishableKey, authorization: `Bearer ${token}` };
    const person = { ...cast.people.memberOfA, headers };
    const rows = companyNames.map((company) => ({ company_id: cast.companies[company].id }));
    const { results } = await recordMetrics(stack, person, rows);
    expect(results.map(({ outcome }) => outcome)).toEqual(["accepted", "rejected", "rejected"]);
  });

  test("is needed: who is not signed in records nothing", async () => {
    await changesNothing(cast.database, async () => {
      const response = await sendMetrics(stack, cast.people.anon, [{ company_id: cast.companies.A.id }]);
      await expectProblem(response, "unauthenticated");
    });
  });
});
