import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { maskSecrets } from "../../functions/_shared/mask-secrets.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function maskInSql(text: string | null): Promise<string | null | undefined> {
  const [row] = await database.query<{ masked: string | null }>("select leo.mask_secrets($1) as masked", [text]);
  return row?.masked;
}

/** What log and rows are cleaned of in the same way. */
const cases = [
  ["connect to postgresql://u:pw@h:5432/db?x=1 failed", "connect to postgresql://*** failed"],
  ["POSTGRES://u:p@h/db 'postgres://a:b@c'", "POSTGRES://*** 'postgres://***'"],
  ["key sb_secret_aB-9_x is wrong, sb_publishable_1 is not", "key sb_secret_*** is wrong, sb_publishable_*** is not"],
  ["Authorization: Bearer abc.def", "Authorization: Bearer ***"],
  ["got eyJhbGciOi.eyJzdWIi.c2ln, and eyJh.x", "got ***, and ***"],
  ["password=hunter2 host=h", "password=*** host=h"],
  ["PASSWORD: 'a b' rest", "PASSWORD: *** rest"],
  ['apikey="x y"', "apikey=***"],
  ["secret = s3\ntoken:t pwd=p", "secret = ***\ntoken:*** pwd=***"],
  ['function leo.f(jsonb) does not exist; violates "x_key"', 'function leo.f(jsonb) does not exist; violates "x_key"'],
  ["Grüße, 日本語 \\1 & $1", "Grüße, 日本語 \\1 & $1"],
  ["", ""],
] as const;

describe.each(cases)("%j", (text, masked) => {
  it("is masked in a row", async () => {
    expect(await maskInSql(text)).toBe(masked);
  });

  it("is masked in the log", () => {
    expect(maskSecrets(text)).toBe(masked);
  });
});

describe("in a row", () => {
  it.each([
    ['{"password": "hunter2", "user": "leo"}', '{"password": ***, "user": "leo"}'],
    ["DB_PASSWORD=hunter2 PGPASSWORD=x client_secret: y", "DB_PASSWORD=*** PGPASSWORD=*** client_secret: ***"],
    ['{\\"password\\":\\"hunter2\\"}', '{\\"password\\":***'],
    ['password="hunter2 and no end', "password=***"],
    ["api_key=abc passwd=x", "api_key=*** passwd=***"],
    ["redis://default:hunter2@cache:6379/0 and https://u:p@h/x", "redis://***@cache:6379/0 and https://***@h/x"],
  ])("%j is masked, too", async (text, masked) => {
    expect(await maskInSql(text)).toBe(masked);
  });

  it("nothing stays nothing", async () => {
    expect(await maskInSql(null)).toBeNull();
  });
});
