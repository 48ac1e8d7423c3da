import { expect } from "vitest";
import type { TestDatabase } from "../../support/database.ts";
import { changesNothing } from "./snapshot.ts";

/** What PostgreSQL answers to a written row that no policy allows. */
export const byPolicy = {
  code: "42501",
  message: expect.stringContaining("violates row-level security policy"),
};

interface Answer {
  error: unknown;
  data: unknown;
  status: number;
}

/** Asserts that a user's write is refused by policy, changes nothing, and brings nothing back. */
export async function expectRefused(database: TestDatabase, write: () => PromiseLike<Answer>): Promise<void> {
  const answer = await changesNothing(database, async () => write());
  expect(answer).toMatchObject({ error: byPolicy, data: null, status: 403 });
}
