import pg from "pg";
import { messageOf } from "./stack-error.ts";

export interface SweeperOptions {
  /** Connection string of role `postgres` to a migrated database. */
  databaseUrl: string;
  /** Milliseconds from the end of one round to the next. */
  intervalMs: number;
  /** Takes a line, without its end, when something was moved, or cannot be done any more. */
  log: (line: string) => void;
  /** Has the queued telemetry runs analysed, and returns how many there were. */
  analyze?: () => Promise<number>;
}

/** What pg_cron does on a hosted project: sweeps, rolls metrics up and has telemetry analysed, time and again. */
export interface Sweeper {
  /** Nothing begins after this; resolves when what is under way has ended. */
  stop(): Promise<void>;
}

/** Something to be done in each round. */
interface Job {
  name: string;
  /** Returns what is worth telling: how many of each kind. */
  run(): Promise<Record<string, number>>;
}

/** A connection for each statement: one that is kept would have to be looked after when the server restarts. */
async function ask<T>(databaseUrl: string, text: string, timeoutMs: number): Promise<T> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: 5_000,
    statement_timeout: timeoutMs,
    application_name: "leo-sweep",
  });
  // A connection that breaks fails the query too, which is where it is dealt with.
  client.on("error", () => {});
  try {
    await client.connect();
    const { rows } = await client.query(text);
    return rows[0].answer;
  } finally {
    await client.end().catch(() => {});
  }
}

function jobsOf({ databaseUrl, analyze }: SweeperOptions): Job[] {
  return [
    { name: "sweep", run: () => ask(databaseUrl, "select leo.sweep('{}', '{}') as answer", 10_000) },
    {
      name: "roll-up",
      // A day of millions of metrics takes its time. It moves nothing that anybody would have to know of.
      run: async () => {
        await ask(databaseUrl, "select leo.roll_up_metrics() as answer", 60_000);
        return {};
      },
    },
    ...(analyze ? [{ name: "analysis", run: async () => ({ "telemetry runs analysed": await analyze() }) }] : []),
  ];
}

/** "sweep: sessions paused: 2", or null where nothing was moved. */
function described(name: string, counts: Record<string, number>): string | null {
  const moved = Object.entries(counts).filter(([, count]) => count > 0);
  if (moved.length === 0) return null;
  return `${name}: ${moved.map(([kind, count]) => `${kind.replaceAll("_", " ")}: ${count}`).join(", ")}`;
}

/** Begins after one interval. A job that fails keeps none from its work, and is tried again in the next round. */
export function startSweeper(options: SweeperOptions): Sweeper {
  const { intervalMs, log } = options;
  const jobs = jobsOf(options);
  const failing = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let current: Promise<void> = Promise.resolve();
  let isStopped = false;

  const attempt = async ({ name, run }: Job) => {
    try {
      const line = described(name, await run());
      if (line) log(line);
      failing.delete(name);
    } catch (error) {
      // Once, and not each minute for as long as it lasts.
      if (!failing.has(name) && !isStopped) log(`${name}: not possible at present (${messageOf(error)}); trying again`);
      failing.add(name);
    }
  };
  const round = async () => {
    for (const job of jobs) if (!isStopped) await attempt(job);
    if (!isStopped) schedule();
  };
  const schedule = () => {
    timer = setTimeout(() => {
      current = round();
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
