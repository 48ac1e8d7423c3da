import { expect, test } from "vitest";
import { exportedAs, membersOf, readComments } from "../../local/openapi/comments.ts";

const source = `/** The file. */

import { z } from "zod";

/** What many have. */
const common = {
  /** How much. */
  amount: z.int(),
  other: z.string(),
};

// A remark for those who change it.
/**
 * A thing, as long as
 * two lines.
 *
 * See {@link other} for more.
 */
export const thing = z.strictObject({
  /** Its name. */
  name: z
    .string()
    .max(10),
  ...common,
  /** Told anew. */
  other,
  inner: z.object({
    /** Deep down. */
    deep: z.string(),
  }),
});

/** One line. */
export const single = z.strictObject({ name: z.string(), ...common });

/** More of it. */
export const longer = thing.extend({
  /** Another name. */
  name: z.string(),
});

export const table = {
  same: common,
};

/** No constant. */
export interface Thing {
  /** No member of a constant. */
  name: string;
}
`;

const file = readComments("thing.ts", source);

/** What is said of the members of an export, and of theirs. */
const said = (name: string, ...path: string[]) => {
  let entry = exportedAs([file], name)?.entry;
  for (const step of path) entry = entry && membersOf(file, entry).get(step);
  if (!entry) throw new Error(`${name} is not there`);
  return Object.fromEntries(Array.from(membersOf(file, entry), ([member, { text }]) => [member, text]));
};

test("comments on exports are found, as paragraphs", () => {
  expect(exportedAs([file], "thing")?.entry.text).toBe("A thing, as long as two lines.\n\nSee `other` for more.");
  expect(exportedAs([file], "single")?.entry.text).toBe("One line.");
  expect(exportedAs([file], "table")?.entry.text).toBeUndefined();
  expect(exportedAs([file], "common")).toBeUndefined();
  expect([...file.constants.keys()]).toEqual(["common", "thing", "single", "longer", "table"]);
});

test("comments on members are found, at every depth", () => {
  expect(said("thing")).toMatchObject({ name: "Its name.", other: "Told anew.", inner: undefined });
  expect(said("thing", "inner")).toEqual({ deep: "Deep down." });
});

test("members of what is spread, extended or named count, unless told anew", () => {
  expect(said("thing")).toMatchObject({ amount: "How much." });
  expect(said("single")).toEqual({ amount: "How much.", other: undefined });
  expect(said("longer")).toMatchObject({ name: "Another name.", amount: "How much.", other: "Told anew." });
  expect(said("table", "same")).toMatchObject({ amount: "How much." });
});
