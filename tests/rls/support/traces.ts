import { expect } from "vitest";
import { type Cast, companyNames, type Person } from "./cast.ts";

/** By what rows that a person must not see would give themselves away in a response. */
export function foreignTraces(cast: Cast, person: Person): string[] {
  const foreign = companyNames.filter((name) => !person.companies.includes(name));
  const users = Object.values(cast.people).flatMap(({ userId }) => (userId === person.userId ? [] : [userId]));
  return [
    ...foreign.flatMap((name) => {
      const { mark, venture, session, metrics } = cast.companies[name];
      return [mark, venture, session, ...metrics];
    }),
    // A membership that does not count still tells its user which company it is about.
    ...(["inactiveInA", "undecidedInA"].includes(person.name) ? foreign.slice(1) : foreign).map(
      (name) => cast.companies[name].id,
    ),
    ...users,
    // Of auth.users.
    "@rls.example",
    "$2a$",
    "encrypted_password",
    "raw_app_meta_data",
  ].filter(Boolean);
}

/** Asserts that a response holds nothing of rows that are not the person's, but what the request itself said. */
export function expectNothingForeign(cast: Cast, person: Person, request: string, response: string): void {
  const said = decodeURIComponent(request);
  const shown = foreignTraces(cast, person).filter((trace) => response.includes(trace) && !said.includes(trace));
  expect(shown).toEqual([]);
}
