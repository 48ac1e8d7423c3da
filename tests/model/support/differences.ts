/** What of `expected` is not so in `actual`, each with its place; an array has to have as many elements. */
export function differences(actual: unknown, expected: unknown, place = "answer"): string[] {
  if (typeof expected !== "object" || expected === null) {
    return Object.is(actual, expected)
      ? []
      : [`${place} is ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`];
  }
  if (typeof actual !== "object" || actual === null) return [`${place} is ${JSON.stringify(actual)}`];
  if (Array.isArray(expected) && (actual as unknown[]).length !== expected.length) {
    return [`${place} has ${(actual as unknown[]).length} elements, not ${expected.length}`];
  }
  const members = actual as Record<string, unknown>;
  return Object.entries(expected).flatMap(([name, value]) => differences(members[name], value, `${place}.${name}`));
}
