import type { TestDatabase } from "../../support/database.ts";

/** Resolves once somebody waits for a lock in this database. */
export async function untilSomebodyIsBlocked(database: TestDatabase): Promise<void> {
  const giveUpAt = performance.now() + 10_000;
  while (performance.now() < giveUpAt) {
    const waiting = await database.query(
      "select from pg_stat_activity where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0",
    );
    if (waiting.length > 0) return;
  }
  throw new Error("nobody waits for a lock");
}
