import { expect, test } from "vitest";
import { AnswerTexts } from "../../local/openapi/answer-text.ts";
import { curlOf } from "../../local/openapi/curl.ts";
import { exampleRows } from "../../local/openapi/examples.ts";
import { jsonText, remark } from "../../local/openapi/json-text.ts";
import { type Operation, operations } from "../../types/contracts/operations.ts";

test("what fits into a line stays in it, and anything else is still the same JSON", () => {
  const value = { name: "x".repeat(80), list: [1, { deep: [] }], more: { text: "y".repeat(40), none: null } };
  expect(jsonText({ a: [1, 2], b: { c: "d" } })).toBe('{"a": [1, 2], "b": {"c": "d"}}');
  expect(jsonText(value).split("\n")).toEqual([
    "{",
    `  "name": "${"x".repeat(80)}",`,
    '  "list": [1, {"deep": []}],',
    `  "more": {"text": "${"y".repeat(40)}", "none": null}`,
    "}",
  ]);
  expect(JSON.parse(jsonText(value, "      "))).toEqual(value);
});

test("a remark is the last line of its object", () => {
  expect(jsonText({ row: { id: 1, [remark]: "the rest as above" } })).toBe(
    '{\n  "row": {\n    "id": 1\n    // the rest as above\n  }\n}',
  );
});

test("a row is shown in full once, and then by what is different", () => {
  const schemas = {
    Row: { description: "A row of things.", properties: { id: {}, name: {}, state: {} } },
    Answer: { properties: { thing: { $ref: "#/components/schemas/Row" }, attempt: {} } },
  };
  const texts = new AnswerTexts(schemas);
  const row = { id: 1, name: "a", state: "new" };
  expect(JSON.parse(texts.of("things.make", "Answer", { thing: row, attempt: 1 }))).toEqual({ thing: row, attempt: 1 });
  const lines = texts.of("things.end", "Answer", { thing: { ...row, state: "old" }, attempt: 1 }).split("\n");
  expect(lines.map((line) => line.trim())).toEqual([
    "{",
    '"thing": {',
    '"id": 1,',
    '"state": "old"',
    "// the rest as in things.make",
    "},",
    '"attempt": 1',
    "}",
  ]);
});

test("a command has the reader's own ids, and refuses a quote that would end it", () => {
  const prepare = operations.find(({ name }) => name === "handoffs.prepare") as Operation;
  const body = { session_id: exampleRows.exec_session.id, attempt: 1 };
  expect(curlOf(prepare, { body })).toContain(`-d '{"session_id": "'$SESSION_ID'", "attempt": '$ATTEMPT'}'`);
  expect(() => curlOf(prepare, { body: { implementation_summary: "it's done" } })).toThrow("a quote in it");
});
