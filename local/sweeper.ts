import pg from "pg";
import { messageOf } from "./stack-error.ts";

export interface SweeperOptions {
  /** Connection string of role `postgres` to a migrated database. */
  databaseUrl: string;
  /** Milliseconds from the end of one sweep to the next. */
  intervalMs: number;
  /** Takes a line, without its end, when a sweep has moved something, or cannot be made any more. */
  log: (line: string) => void;
}

/** What pg_cron does on a hosted project: calls `leo.sweep` time and again. */
export interface Sweeper {
  /** No sweep begins after this; resolves when the one under way has ended. */
  stop(): Promise<void>;
}

/** A connection for each sweep: one that is kept would have to be looked after when the server restarts. */
async function sweepOnce(databaseUrl: string): Promise<Record<string, number>> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 10_000,
    application_name: "leo-sweep",
  });
  // A connection that breaks fails the query too, which is where it is dealt with.
  client.on("error", () => {});
  try {
    await client.connect();
    const { rows } = await client.query("select leo.sweep('{}', '{}') as swept");
    return rows[0].swept;
  } finally {
    await client.end().catch(() => {});
  }
}

/** "sweep: sessions paused: 2", or null where nothing was moved. */
function described(swept: Record<string, number>): string | null {
  const moved = Object.entries(swept).filter(([, count]) => count > 0);
  if (moved.length === 0) return null;
  return `sweep: ${moved.map(([kind, count]) => `${kind.replaceAll("_", " ")}: ${count}`).join(", ")}`;
}

/** Sweeps from now on, the first time after one interval. A sweep that fails is tried again with the next one. */
export function startSweeper({ databaseUrl, intervalMs, log }: SweeperOptions): Sweeper {
  let timer: NodeJS.Timeout | undefined;
  let current: Promise<void> = Promise.resolve();
  let isStopped = false;
  let isFailing = false;

  const sweep = async () => {
    try {
      const line = described(await sweepOnce(databaseUrl));
      if (line) log(line);
      isFailing = false;
    } catch (error) {
      // Once, and not each minute for as long as it lasts.
      if (!isFailing && !isStopped) log(`sweep: not possible at present (${messageOf(error)}); trying again`);
      isFailing = true;
    }
    if (!isStopped) schedule();
  };
  const schedule = () => {
    timer = setTimeout(() => {
      current = sweep();
    }, intervalMs);
  };
  schedule();

  return {
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await current;
    },
  };
}
