/**
 * What PostgreSQL can keep of a JSON value, and what it cannot.
 *
 * `text` and `jsonb` hold no NUL character and no half of a surrogate pair, and a number too big for a double
 * arrives here as Infinity, which would be written down as null. Found at the edge, each is a refusal that names
 * the place; found by the database, it would be an error of ours.
 */

/** Bytes that a body may have: 1 MiB. */
export const MAX_BODY_BYTES = 1_048_576;

/** Levels of arrays and objects that a body may nest. */
export const MAX_JSON_DEPTH = 32;

/** A place in a JSON value and what is wrong there. */
export interface JsonIssue {
  path: (string | number)[];
  message: string;
}

/** The first thing in `value` that cannot be stored as it is, or undefined. */
export function findUnstorable(value: unknown): JsonIssue | undefined {
  return findAt(0, value);
}

/** Recursion is safe: it ends at MAX_JSON_DEPTH. Paths are put together on the way back, as most values have no issue. */
function findAt(depth: number, value: unknown): JsonIssue | undefined {
  switch (typeof value) {
    case "string": {
      const message = unstorableText(value);
      return message === undefined ? undefined : { path: [], message };
    }
    case "number":
      return Number.isFinite(value) ? undefined : { path: [], message: "The number is out of range" };
    case "object":
      if (value === null) return undefined;
      if (depth >= MAX_JSON_DEPTH) return { path: [], message: `Nested deeper than ${MAX_JSON_DEPTH} levels` };
      return Array.isArray(value) ? inArray(depth, value) : inObject(depth, value);
    default:
      return undefined;
  }
}

/** Half of a pair or a whole one, which takes longer to tell. */
const surrogate = /[\ud800-\udfff]/;

/** Why PostgreSQL cannot store this text, or undefined. */
export function unstorableText(text: string): string | undefined {
  if (text.includes("\u0000")) return "A NUL character cannot be stored";
  // With the u flag a valid pair is one code point, so that only halves match.
  if (surrogate.test(text) && /\p{Surrogate}/u.test(text)) return "Half of a surrogate pair cannot be stored";
  return undefined;
}

function inArray(depth: number, values: unknown[]): JsonIssue | undefined {
  for (const [index, value] of values.entries()) {
    const issue = findAt(depth + 1, value);
    if (issue) return { ...issue, path: [index, ...issue.path] };
  }
  return undefined;
}

function inObject(depth: number, object: object): JsonIssue | undefined {
  for (const key of Object.keys(object)) {
    const message = unstorableText(key);
    if (message !== undefined) return { path: [key], message: `${message} in a field name` };
    // Copying an object that owns this key would set the copy's prototype instead.
    if (key === "__proto__") return { path: [key], message: "This field name is not allowed" };
    const issue = findAt(depth + 1, (object as Record<string, unknown>)[key]);
    if (issue) return { ...issue, path: [key, ...issue.path] };
  }
  return undefined;
}
