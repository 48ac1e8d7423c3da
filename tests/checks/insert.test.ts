import { expect, test } from "vitest";
import { insertBefore } from "./support/insert.ts";

const text = "{\n  one: 1,\n  /** The second. */\n  two: {\n    three: 3,\n  },\n}\n";

test("lines go above their neighbour and its comment, indented like it", () => {
  expect(insertBefore(text, "two: {", "also: {\n\n  so: 2,\n},")).toBe(
    "{\n  one: 1,\n  also: {\n\n    so: 2,\n  },\n  /** The second. */\n  two: {\n    three: 3,\n  },\n}\n",
  );
});

test("a neighbour that is not there, or more than once, is named", () => {
  expect(() => insertBefore(text, "four", "")).toThrow("0 lines begin with four, instead of one");
  expect(() => insertBefore(text, "t", "")).toThrow("2 lines begin with t, instead of one");
});
