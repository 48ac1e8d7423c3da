import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { maskSecrets } from "../../../functions/_shared/mask-secrets.ts";
import { createTestDatabase } from "../../support/database.ts";

const database = await createTestDatabase();

afterAll(() => database.drop());

async function maskedInSql(texts: string[]): Promise<string[]> {
  const rows = await database.query<{ masked: string }>(
    "select leo.mask_secrets(text) as masked from unnest($1::text[]) with ordinality as given (text, place) order by place",
    [texts],
  );
  return rows.map(({ masked }) => masked);
}

/** What the masks look for, and what could get in their way. */
const fragments = [
  ..."aZ9 \t\n\"'\\/@:=.-_,{}&?é…",
  ...['"', "'", "\\", '\\"', "\\'", '\\\\\\"', "''", " ", "="],
  ...["postgres://", "postgresql://", "https://", "u:p@", "sb_secret_", "sb_publishable_", "eyJab.", "Bearer "],
  ...["password", "PASSWORD=", "pwd:", "token", "secret_key", "api-key", "apikey", "Authorization", ": Basic "],
  ...["sk-", "ghp_", "sbp_", "github_pat_", "0123456789abcdef", "AKIA", "xoxb-", "glpat-", "AIza", "sk_live_"],
  ...["pass", "pass=", "_pass:", "anon_key=", "password '", "password e'", "--password ", "--db-token ", "is "],
  ...["-----BEGIN PRIVATE KEY-----", "-----BEGIN ", "PRIVATE KEY", "-----END ", "-----", "--", "-eyJ"],
  ...["://", "git@", "[", "]", "#"],
  ...['"authorization":"', 'authorization\\":\\"', "authorization="],
];

test("a row and the log are masked alike, whatever the text", async () => {
  const texts = fc.sample(
    fc.array(fc.constantFrom(...fragments), { maxLength: 40 }).map((parts) => parts.join("")),
    { numRuns: 20_000, seed: 4 },
  );
  const inSql = await maskedInSql(texts);
  const different = texts.flatMap((text, index) => {
    const [row, log] = [inSql[index], maskSecrets(text)];
    return row === log ? [] : [{ text, row, log }];
  });
  expect(different.slice(0, 5)).toEqual([]);
  // Enough of them had something to mask.
  expect(texts.filter((text, index) => inSql[index] !== text).length).toBeGreaterThan(5_000);
});
