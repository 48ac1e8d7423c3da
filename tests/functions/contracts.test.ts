import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { completeExecSession, implementationTypes, startExecSession } from "../../types/contracts/exec-sessions.ts";
import { findUnstorable, MAX_JSON_DEPTH } from "../../types/contracts/json.ts";
import { looseText, text, uuid, webAddress } from "../../types/contracts/primitives.ts";
import { isProblemCode } from "../../types/contracts/problems.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

/** The columns of a table. */
async function columnsOf(table: string): Promise<string[]> {
  const rows = await database.query<{ name: string }>(
    "select column_name as name from information_schema.columns where table_schema = 'public' and table_name = $1",
    [table],
  );
  return rows.map((row) => row.name);
}

describe("contract and database agree", () => {
  test("on the implementation types", async () => {
    const [check] = await database.query<{ definition: string }>(
      `select pg_get_constraintdef(oid) as definition from pg_constraint
       where conname = 'exec_implementation_sessions_implementation_type_check'`,
    );
    const listed = [...(check?.definition ?? "").matchAll(/'([A-Z_]+)'/g)].map((match) => match[1]);
    expect(listed.sort()).toEqual([...implementationTypes].sort());
  });

  test("on the names of the evidence", async () => {
    const columns = await columnsOf("exec_implementation_sessions");
    for (const contract of [startExecSession, completeExecSession]) {
      for (const field of Object.keys(contract.shape)) expect(columns).toContain(field);
    }
  });
});

describe("what PostgreSQL cannot store", () => {
  const cannot = async (cast: string, value: string) =>
    expect(database.query(`select $1::${cast}`, [value])).rejects.toThrow();

  test.each(["\u0000", "a\u0000b"])("is found in the text %j", async (value) => {
    await cannot("text", value);
    await cannot("jsonb", JSON.stringify(value));
    expect(findUnstorable(value)).toEqual({ path: [], message: expect.stringContaining("NUL") });
  });

  test.each(["\ud800", "\udfff", "a\ud800b", "\udc00\ud800"])("is found in the text %j", async (value) => {
    await cannot("jsonb", JSON.stringify(value));
    expect(findUnstorable(value)).toEqual({ path: [], message: expect.stringContaining("surrogate") });
  });

  test.each(["", "plain", "\u{1F600}", "\uffff", "\u0001", "'; drop table x; --"])(
    "is not found in %j",
    async (value) => {
      const [row] = await database.query<{ text: string; json: string }>("select $1::text as text, $2::jsonb as json", [
        value,
        JSON.stringify(value),
      ]);
      expect(row).toEqual({ text: value, json: value });
      expect(findUnstorable(value)).toBeUndefined();
    },
  );

  test("is found with its path, in values and names", () => {
    expect(findUnstorable({ a: [0, { b: "\u0000" }] })?.path).toEqual(["a", 1, "b"]);
    expect(findUnstorable({ a: { "\ud800": 1 } })?.path).toEqual(["a", "\ud800"]);
    expect(findUnstorable(JSON.parse('{"a":{"__proto__":1}}'))?.path).toEqual(["a", "__proto__"]);
    expect(findUnstorable([JSON.parse("1e999")])?.path).toEqual([0]);
    expect(findUnstorable({ a: [1, null, true, "x", {}] })).toBeUndefined();
  });

  test("includes more than the allowed levels, and exactly those pass", () => {
    const nested = (levels: number) => JSON.parse(`${"[".repeat(levels)}${"]".repeat(levels)}`);
    expect(findUnstorable(nested(MAX_JSON_DEPTH))).toBeUndefined();
    expect(findUnstorable(nested(MAX_JSON_DEPTH + 1))?.path).toHaveLength(MAX_JSON_DEPTH);
    expect(findUnstorable(nested(100_000))).toBeDefined();
  });
});

describe("primitives", () => {
  test.each([
    "00000000-0000-0000-0000-000000000000",
    "11111111-1111-1111-1111-111111111111",
    "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
  ])("%s is a uuid, as for PostgreSQL", async (value) => {
    expect(uuid.safeParse(value).success).toBe(true);
    expect(await database.query("select $1::uuid", [value])).toHaveLength(1);
  });

  test.each(["", "a0eebc99", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1x"])(
    "%j is no uuid",
    (value) => expect(uuid.safeParse(value).success).toBe(false),
  );

  test("text has something in it, loose text may not; both are bounded", () => {
    expect(text(3).safeParse("abc").success).toBe(true);
    expect(looseText(3).safeParse(" ").success).toBe(true);
    for (const value of ["", " ", "abcd", "\u0000", 1, null]) expect(text(3).safeParse(value).success).toBe(false);
    for (const value of ["abcd", "\ud800", undefined]) expect(looseText(3).safeParse(value).success).toBe(false);
  });

  test.each(["https://a.example/x?y=z", "http://localhost:3000"])("%s is a web address", (value) => {
    expect(webAddress.safeParse(value).success).toBe(true);
  });

  test.each(["javascript:alert(1)", "ftp://a.example", "a.example", "", `https://a.example/${"x".repeat(2048)}`])(
    "%j is no web address",
    (value) => expect(webAddress.safeParse(value).success).toBe(false),
  );

  test("only codes of the list are problem codes", () => {
    expect(isProblemCode("gates_incomplete")).toBe(true);
    for (const code of ["constructor", "toString", "", null, 409]) expect(isProblemCode(code)).toBe(false);
  });
});
