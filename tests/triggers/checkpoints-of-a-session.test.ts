import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDirective } from "../functions/support/directives.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

interface Checkpoint {
  checkpoint_name: string;
  checkpoint_type: string;
}

/** Inserts a session the way a client does and returns its checkpoints, by name. */
async function checkpointsOf(gates: string, params: unknown[] = [], type = "UI_COMPONENT"): Promise<Checkpoint[]> {
  const sdId = await createDirective(database);
  const [session] = await database.query<{ id: string }>(
    `insert into public.exec_implementation_sessions (sd_id, implementation_type, quality_gates)
     values ('${sdId}', '${type}', ${gates}) returning id`,
    params,
  );
  return database.query<Checkpoint>(
    `select checkpoint_name, checkpoint_type from public.exec_quality_checkpoints
     where session_id = $1 order by checkpoint_name collate "C"`,
    [session?.id],
  );
}

/** In the order of the "C" collation: by code point, where JavaScript compares UTF-16. */
const sorted = (names: string[]) =>
  names.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));

const namesOf = async (gates: string, params: unknown[] = []) =>
  (await checkpointsOf(gates, params)).map(({ checkpoint_name }) => checkpoint_name);

const defaultsOfUiComponent = ["CODE_QUALITY", "TESTING", "ACCESSIBILITY", "PERFORMANCE"];

describe("a session without quality gates gets the default checkpoints of its implementation type", () => {
  it.each([
    ["UI_COMPONENT", defaultsOfUiComponent],
    ["API_ENDPOINT", ["CODE_QUALITY", "TESTING", "SECURITY", "PERFORMANCE", "DOCUMENTATION"]],
    ["DATABASE_CHANGE", ["CODE_QUALITY", "TESTING", "SECURITY", "PERFORMANCE"]],
    ["AUTHENTICATION", ["CODE_QUALITY", "TESTING", "SECURITY"]],
    ["SYSTEM_TOOLING", ["CODE_QUALITY", "TESTING", "DOCUMENTATION"]],
    ["GENERAL_FEATURE", ["CODE_QUALITY", "TESTING", "DOCUMENTATION"]],
  ])("%s", async (type, expected) => {
    expect(await checkpointsOf("default", [], type)).toEqual(
      sorted(expected).map((name) => ({ checkpoint_name: name, checkpoint_type: name })),
    );
  });

  it("all required, incomplete and of the session's directive", async () => {
    const sdId = await createDirective(database);
    await database.query(
      "insert into public.exec_implementation_sessions (sd_id, implementation_type) values ($1, 'AUTHENTICATION')",
      [sdId],
    );
    expect(
      await database.query(
        `select distinct sd_id, is_required, is_complete, score, completed_at, completed_by
         from public.exec_quality_checkpoints where sd_id = $1`,
        [sdId],
      ),
    ).toEqual([
      { sd_id: sdId, is_required: true, is_complete: false, score: 0, completed_at: null, completed_by: null },
    ]);
  });
});

describe("the type of a checkpoint follows from the gate", () => {
  it.each([
    ["CODE_QUALITY", "CODE_QUALITY"],
    ["performance", "PERFORMANCE"],
    ["Security", "SECURITY"],
    ["tEsTiNg", "TESTING"],
    ["accessibility", "ACCESSIBILITY"],
    ["documentation", "DOCUMENTATION"],
    ["code-quality", "CODE_QUALITY"],
    ["Code Quality", "CODE_QUALITY"],
    ["secure defaults", "SECURITY"],
    ["OAuth flow", "SECURITY"],
    ["author credits", "SECURITY"],
    ["perf budget", "PERFORMANCE"],
    ["p95 Latency", "PERFORMANCE"],
    ["load-time", "PERFORMANCE"],
    ["unit tests", "TESTING"],
    ["branch coverage", "TESTING"],
    ["access keys", "ACCESSIBILITY"],
    ["A11Y", "ACCESSIBILITY"],
    ["UX review", "ACCESSIBILITY"],
    ["api docs", "DOCUMENTATION"],
    ["design review", "CODE_QUALITY"],
    // Where a word fits several, the first in the documented order decides.
    ["security testing", "SECURITY"],
    ["load test", "PERFORMANCE"],
    ["test access", "TESTING"],
    ["accessible docs", "ACCESSIBILITY"],
    ["prüfen", "CODE_QUALITY"],
  ])("%s → %s", async (gate, type) => {
    expect(await checkpointsOf("$1", [[gate]])).toEqual([{ checkpoint_name: gate, checkpoint_type: type }]);
  });
});

describe("no value of quality_gates makes the insert fail:", () => {
  const oddValues: [title: string, value: string, names: string[]][] = [
    ["null", "null", defaultsOfUiComponent],
    ["an empty array", "'{}'", defaultsOfUiComponent],
    ["only a null", "array[null]::text[]", defaultsOfUiComponent],
    ["nulls among gates", "array[null, 'Lint', null]", ["Lint"]],
    ["an empty text", "array['']", defaultsOfUiComponent],
    ["spaces", "array['   ']", defaultsOfUiComponent],
    ["tabs and line breaks", "array[e'\\t\\n\\r\\f\\x0b']", defaultsOfUiComponent],
    ["a no-break space", "array[e'\\u00a0']", defaultsOfUiComponent],
    ["wide and thin spaces", "array[e'\\u3000\\u2003\\u2009\\u202f']", defaultsOfUiComponent],
    ["zero-width characters", "array[e'\\u200b\\ufeff\\u2060']", defaultsOfUiComponent],
    ["blanks around a gate", "array[e' \\t\\u00a0Lint\\u3000\\n ']", ["Lint"]],
    ["blanks inside a gate", "array['two  words']", ["two  words"]],
    ["a gate that begins like an escape", "array['vnrtf']", ["vnrtf"]],
    ["the same gate twice", "array['Lint', 'Lint']", ["Lint"]],
    ["the same gate twice but for blanks", "array['Lint', ' Lint', e'Lint\\u00a0']", ["Lint"]],
    ["the same letters in another case", "array['Lint', 'LINT', 'lint']", ["Lint", "LINT", "lint"]],
    ["a type in several spellings", "array['TESTING', 'testing', 'Testing ']", ["TESTING", "testing", "Testing"]],
    ["gates in an order of their own", "array['z', 'a', 'm', 'a']", ["z", "a", "m"]],
    ["composed and decomposed letters", "array[e'caf\\u00e9', e'cafe\\u0301']", ["café", "cafe\u0301"]],
    ["letters of other scripts", "array['بوابة', '門', 'Ворота']", ["بوابة", "門", "Ворота"]],
    ["emoji with joiners", "array['👩‍👩‍👧‍👦', '🏳️‍🌈']", ["👩‍👩‍👧‍👦", "🏳️‍🌈"]],
    ["a dotless i", "array['TESTİNG', 'testıng']", ["TESTİNG", "testıng"]],
    ["right-to-left marks", "array[e'\\u202eabc']", ["\u202eabc"]],
    ["control characters", "array[e'\\x01', e'\\x7f']", ["\u0001", "\u007f"]],
    ["quotes and backslashes", `array['it''s', '"x"', e'\\\\']`, ["it's", '"x"', "\\"]],
    ["what looks like SQL", "array['); drop table x; --']", ["); drop table x; --"]],
    ["format directives", "array['%s %I %', '$1', '{}']", ["%s %I %", "$1", "{}"]],
    ["the word null", "array['null', 'NULL']", ["null", "NULL"]],
    ["numbers", "array['0', '-1', '1e309']", ["0", "-1", "1e309"]],
    ["two dimensions", "array[['a', 'b'], ['c', 'a']]", ["a", "b", "c"]],
    ["three dimensions with blanks", "array[[[null, ' '], ['', 'x']]]", ["x"]],
    ["a lower bound of five", "'[5:6]={a,b}'", ["a", "b"]],
    ["a negative lower bound in two dimensions", "'[-1:0][7:7]={{a},{b}}'", ["a", "b"]],
    ["10 000 equal characters", "array[repeat('x', 10000)]", [bounded("x".repeat(10_000))]],
    ["10 000 blanks", "array[repeat(' ', 10000)]", defaultsOfUiComponent],
    ["2000 bytes", "array[repeat('x', 2000)]", ["x".repeat(2000)]],
    ["2001 bytes", "array[repeat('x', 2001)]", [bounded("x".repeat(2001))]],
    [
      "long names that begin alike",
      "array[repeat('x', 3000) || 'a', repeat('x', 3000) || 'b']",
      [bounded(`${"x".repeat(3000)}a`), bounded(`${"x".repeat(3000)}b`)],
    ],
    [
      "a gate named like the short form of another",
      `array[repeat('x', 3000), '${bounded("x".repeat(3000))}']`,
      [bounded("x".repeat(3000))],
    ],
  ];

  it.each(oddValues)("%s", async (_title, value, names) => {
    expect(await namesOf(value)).toEqual(sorted(names));
  });

  it("10 000 characters that do not compress, of one to four bytes", async () => {
    const random = (width: number) =>
      Array.from({ length: 10_000 }, (_, place) => {
        const noise = createHash("sha256").update(`${width} ${place}`).digest().readUInt16BE();
        return String.fromCodePoint(
          [0, 0x61 + (noise % 26), 0xa1 + (noise % 1000), 0x4e00 + (noise % 20_000), 0x20000 + noise][width] as number,
        );
      }).join("");
    const gates = [1, 2, 3, 4].map(random);
    expect(await namesOf("$1", [gates])).toEqual(sorted(gates.map(bounded)));
  });

  it("20 000 gates", async () => {
    const gates = Array.from({ length: 20_000 }, (_, place) => `gate ${place}`);
    expect(await namesOf("$1", [gates])).toEqual(sorted(gates));
  });
});

/** How an entry of more than 2000 bytes is named. */
function bounded(entry: string): string {
  return `${[...entry].slice(0, 400).join("")}… ${createHash("sha256").update(entry).digest("hex")}`;
}

it("takes the type of a long gate from all of it", async () => {
  const [checkpoint] = await checkpointsOf("$1", [[`${"x".repeat(5000)} security`]]);
  expect(checkpoint?.checkpoint_type).toBe("SECURITY");
});

it("keeps quality_gates as they were sent", async () => {
  const sdId = await createDirective(database);
  const [session] = await database.query(
    `insert into public.exec_implementation_sessions (sd_id, implementation_type, quality_gates)
     values ($1, 'UI_COMPONENT', $2) returning quality_gates`,
    [sdId, [" Lint ", null, "Lint"]],
  );
  expect(session).toEqual({ quality_gates: [" Lint ", null, "Lint"] });
});

it("makes the checkpoints of each of several sessions inserted at once", async () => {
  const directives = [await createDirective(database), await createDirective(database)];
  await database.query(
    `insert into public.exec_implementation_sessions (sd_id, implementation_type, quality_gates)
     values ($1, 'UI_COMPONENT', '{a,b}'), ($2, 'UI_COMPONENT', '{a}')`,
    directives,
  );
  expect(
    await database.query(
      `select checkpoint_name, array_position($1, sd_id) as directive from public.exec_quality_checkpoints
       where sd_id = any ($1) order by directive, checkpoint_name`,
      [directives],
    ),
  ).toEqual([
    { checkpoint_name: "a", directive: 1 },
    { checkpoint_name: "b", directive: 1 },
    { checkpoint_name: "a", directive: 2 },
  ]);
});

it("makes them for a role that may insert sessions but not checkpoints", async () => {
  const sdId = await createDirective(database);
  const client = await database.connect();
  await client.query("begin");
  await client.query("revoke all on public.exec_quality_checkpoints, public.strategic_directives_v2 from service_role");
  await client.query("set local role service_role");
  await client.query(
    "insert into public.exec_implementation_sessions (sd_id, implementation_type) values ($1, 'UI_COMPONENT')",
    [sdId],
  );
  await client.query("reset role");
  const { rows } = await client.query(
    "select checkpoint_name from public.exec_quality_checkpoints where sd_id = $1 order by checkpoint_name",
    [sdId],
  );
  await client.query("rollback");
  expect(rows.map(({ checkpoint_name }) => checkpoint_name)).toEqual(sorted(defaultsOfUiComponent));
});
