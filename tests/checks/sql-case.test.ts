import { expect, test } from "vitest";
import { upperCaseWords } from "../../local/sql-case.ts";

test("finds keywords and names in upper case, also in function bodies", () => {
  const sql = "create table t (id integer NOT null);\ncreate function f() returns void as $$\nBEGIN\nend $$;\n";
  expect(upperCaseWords(sql)).toEqual([
    { line: 1, word: "NOT" },
    { line: 3, word: "BEGIN" },
  ]);
});

test("leaves comments, strings and quoted names alone", () => {
  const sql = `-- A comment
/* Another
   ONE */ select 'It''s UP', e'\\' STILL', "Name", $tag$ 'X' $tag$ from t;`;
  expect(upperCaseWords(sql)).toEqual([]);
});
