import { importPackage } from "../harness/packages.ts";
import { type OpenQueue, timed } from "./job-queue.ts";

/** What is used of pg-boss. */
interface PgBossPackage {
  PgBoss: new (
    options: Record<string, unknown>,
  ) => {
    on(event: "error", listener: (error: Error) => void): void;
    start(): Promise<unknown>;
    stop(options: { graceful: boolean }): Promise<void>;
    createQueue(name: string): Promise<void>;
    insert(name: string, jobs: { data: object }[]): Promise<unknown>;
    fetch(name: string, options: { batchSize: number }): Promise<{ id: string }[]>;
    complete(name: string, ids: string[]): Promise<unknown>;
  };
}

const queue = "runs";

/** pg-boss by its own `fetch` and `complete`. */
export const pgBoss: OpenQueue = async (lab, database, { workers, batch }) => {
  const { PgBoss } = await importPackage<PgBossPackage>("pg-boss");
  const boss = new PgBoss({
    connectionString: database.url,
    max: workers,
    // Its own upkeep would be measured now and then.
    supervise: false,
    schedule: false,
  });
  boss.on("error", (error) => {
    throw error;
  });
  await boss.start();
  lab.later(() => boss.stop({ graceful: false }));
  await boss.createQueue(queue);
  return {
    async fill(jobs) {
      for (let left = jobs; left > 0; left -= 10_000) {
        const data = { scope_type: "workspace", worker: "bench" };
        await boss.insert(
          queue,
          Array.from({ length: Math.min(left, 10_000) }, () => ({ data })),
        );
      }
      await database.query("vacuum analyze");
    },
    drain: () =>
      timed(workers, async () => {
        const claim = () => boss.fetch(queue, { batchSize: batch });
        for (let jobs = await claim(); jobs.length > 0; jobs = await claim()) {
          await boss.complete(
            queue,
            jobs.map(({ id }) => id),
          );
        }
      }),
    finished: () => database.number("select count(*) from pgboss.job where state = 'completed'"),
  };
};
