/**
 * What PostgreSQL can keep of a JSON value, and what it cannot.
 *
 * `text` and `jsonb` hold no NUL character and no half of a surrogate pair, and a number too big for a double
 * arrives here as Infinity, which would be written down as null. Found at the edge, each is a refusal that names
 * the place; found by the database, it would be an error of ours.
 */

/** Levels of arrays and objects that a body may nest. */
export const MAX_JSON_DEPTH = 32;

/** A place in a JSON value and what is wrong there. */
export interface JsonIssue {
  path: (string | number)[];
  message: string;
}

/**
 * The first thing in `value` that cannot be stored as it is, or undefined.
 *
 * Recursion is safe: it ends at MAX_JSON_DEPTH.
 */
export function findUnstorable(value: unknown, path: (string | number)[] = []): JsonIssue | undefined {
  switch (typeof value) {
    case "string": {
      const message = unstorableText(value);
      return message === undefined ? undefined : { path, message };
    }
    case "number":
      return Number.isFinite(value) ? undefined : { path, message: "The number is out of range" };
    case "object":
      if (value === null) return undefined;
      if (path.length >= MAX_JSON_DEPTH) {
        return { path, message: `Nested deeper than ${MAX_JSON_DEPTH} levels` };
      }
      return Array.isArray(value) ? inArray(value, path) : inObject(value, path);
    default:
      return undefined;
  }
}

/** Why PostgreSQL cannot store this text, or undefined. */
export function unstorableText(text: string): string | undefined {
  if (text.includes("\u0000")) return "A NUL character cannot be stored";
  // With the u flag a valid pair is one code point, so that only halves match.
  if (/\p{Surrogate}/u.test(text)) return "Half of a surrogate pair cannot be stored";
  return undefined;
}

function inArray(values: unknown[], path: (string | number)[]): JsonIssue | undefined {
  for (const [index, value] of values.entries()) {
    const issue = findUnstorable(value, [...path, index]);
    if (issue) return issue;
  }
  return undefined;
}

function inObject(object: object, path: (string | number)[]): JsonIssue | undefined {
  for (const [key, value] of Object.entries(object)) {
    const here = [...path, key];
    const message = unstorableText(key);
    if (message !== undefined) return { path: here, message: `${message} in a field name` };
    // Copying an object that owns this key would set the copy's prototype instead.
    if (key === "__proto__") return { path: here, message: "This field name is not allowed" };
    const issue = findUnstorable(value, here);
    if (issue) return issue;
  }
  return undefined;
}
