import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { maskSecrets } from "../../functions/_shared/mask-secrets.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { harmless, secrets } from "../support/secrets.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function maskInSql(text: string | null): Promise<string | null | undefined> {
  const [row] = await database.query<{ masked: string | null }>("select leo.mask_secrets($1) as masked", [text]);
  return row?.masked;
}

describe.each([
  ["a row", maskInSql],
  ["the log", maskSecrets],
])("in %s", (_where, mask) => {
  it.each(secrets)("%j is masked", async (text, masked) => {
    expect(await mask(text)).toBe(masked);
  });

  it.each(harmless)("%j stays as it is", async (text) => {
    expect(await mask(text)).toBe(text);
  });
});

it("nothing stays nothing in a row", async () => {
  expect(await maskInSql(null)).toBeNull();
});
