/** How somebody tries to get in. */
export interface Credential {
  name: string;
  headers: Record<string, string>;
  /** Behind the path, such as `?apikey=…`. */
  query?: string;
  /**
   * What operations for operators answer: 401 to whoever cannot be told or lies, 403 to real users without the
   * role. To those, operations for users answer as to anybody signed in.
   */
  refusal: "unauthenticated" | "forbidden";
  /** Not made up: made by whoever has the project's own secret, so that Data API and Auth take it at its word. */
  genuine?: true;
}

/** For the rows of a table of tests, as titles cut a `$name` short. */
export const named = <T extends { name: string }>(list: T[]) => list.map((each): [string, T] => [each.name, each]);
