import type pg from "pg";
import type { TestDatabase } from "../support/database.ts";
import { pidOf } from "../transitions/events.ts";

/** Connections that start their work at the same moment. */
export interface Contestants {
  clients: pg.Client[];
  /**
   * Sends the work of every contestant (or of the first few) while a table is locked, and lets them go once each
   * of them waits. What they answer, in their order.
   *
   * @param table that all of them need
   * @param work what the contestant with this number does
   */
  race<T>(table: string, work: (client: pg.Client, number: number) => Promise<T>, count?: number): Promise<T[]>;
}

/** Opens as many connections, and one more that holds the gate. */
export async function gather(database: TestDatabase, count: number): Promise<Contestants> {
  const gate = await database.connect();
  const clients = await Promise.all(Array.from({ length: count }, () => database.connect()));
  const pids = await Promise.all(clients.map(pidOf));
  return {
    clients,
    async race(table, work, some = count) {
      await gate.query("begin");
      await gate.query(`lock table ${table} in access exclusive mode`);
      const running = Promise.all(clients.slice(0, some).map(work));
      try {
        // Whoever fails before the gate is reported at once instead of being waited for.
        await Promise.race([untilAllWait(database, pids.slice(0, some)), running]);
      } finally {
        await gate.query("commit");
      }
      return running;
    },
  };
}

async function untilAllWait(database: TestDatabase, pids: number[]): Promise<void> {
  const giveUpAt = performance.now() + 20_000;
  while (performance.now() < giveUpAt) {
    const [row] = await database.query<{ waiting: number }>(
      `select count(*)::integer as waiting from pg_stat_activity
       where pid = any ($1) and state = 'active' and wait_event_type = 'Lock'`,
      [pids],
    );
    if (row?.waiting === pids.length) return;
  }
  throw new Error("not everybody came to the gate");
}

/** As many rounds, numbered from 0. */
export const rounds = (count: number): number[] => Array.from({ length: count }, (_, round) => round);

/** How often each value occurs. */
export function tally(values: unknown[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[String(value)] = (counts[String(value)] ?? 0) + 1;
  return counts;
}
