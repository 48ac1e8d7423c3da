/** What the checks need of a database; a test's and the soak's both have it. */
export interface Database {
  query<T = Record<string, unknown>>(text: string, params?: unknown[]): Promise<T[]>;
}
