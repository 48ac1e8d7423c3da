import type { SupabaseClient } from "@supabase/supabase-js";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startDataApiOnly, type TestDataApi } from "../support/data-api.ts";
import { attempts, size, worlds } from "./support/model.ts";
import { compare, createUniverse, inTransaction, overHttp, type Universe } from "./support/universe.ts";

let api: TestDataApi;
let universe: Universe;
let clients: SupabaseClient[];

beforeAll(async () => {
  api = await startDataApiOnly();
  const emails = Array.from({ length: size.users }, (_, i) => `user${i}@rls.example`);
  const users: string[] = [];
  for (const email of emails) users.push(await api.createUser({ email }));
  universe = await createUniverse(api.database, users);
  clients = (await Promise.all(emails.map((email) => api.signIn(email)))) as SupabaseClient[];
});
afterAll(() => api.stop());

/** Each way that a write can end has to have come up, or the worlds are too alike to prove anything. */
function expectAllOf(outcomes: Map<string, number>, names: string[]): void {
  expect([...outcomes.keys()]).toEqual(expect.arrayContaining(names));
}

const total = (outcomes: Map<string, number>) => [...outcomes.values()].reduce((sum, count) => sum + count, 0);

const written = ["insert done", "insert refused", "insert taken", "upsert done", "upsert refused"];
const changed = ["update done", "update refused", "delete done"];

test("in any world a user sees and changes what an active membership says, by SQL", async () => {
  const client = await api.database.connect();
  const query = async (text: string, params?: unknown[]) => (await client.query(text, params)).rows;
  const outcomes = new Map<string, number>();
  const tried = attempts(["select", "insert", "update", "delete", "upsert", "record"]);
  await fc.assert(
    fc.asyncProperty(worlds, tried, async (world, list) => {
      await client.query("begin");
      try {
        await compare(universe, query, inTransaction(universe, client), structuredClone(world), list, outcomes);
      } finally {
        await client.query("rollback");
      }
    }),
    { numRuns: 200 },
  );
  expectAllOf(outcomes, [...written, ...changed, "record accepted", "record duplicate", "record rejected"]);
  console.info(`Random worlds by SQL: ${total(outcomes)} attempts`);
}, 120_000);

test("in any world a user sees and changes what an active membership says, over HTTP", async () => {
  const query = (text: string, params?: unknown[]) => api.database.query(text, params);
  const outcomes = new Map<string, number>();
  const tried = attempts(["select", "insert", "update", "delete", "upsert"]);
  await fc.assert(
    fc.asyncProperty(worlds, tried, (world, list) =>
      compare(universe, query, overHttp(universe, clients), structuredClone(world), list, outcomes),
    ),
    // A sample, and always the same: among so few worlds, chance might leave out one of the outcomes.
    { numRuns: 40, seed: 1 },
  );
  console.info(`Random worlds over HTTP: ${total(outcomes)} attempts`);
  expectAllOf(outcomes, [...written, ...changed]);
}, 120_000);
