import { EventEmitter } from "node:events";
import { importPackage } from "../harness/packages.ts";
import type { OpenQueue } from "./job-queue.ts";

/** What is used of graphile-worker. */
interface GraphileWorkerPackage {
  Logger: new (factory: () => (level: string, message: string) => void) => unknown;
  runMigrations(options: Record<string, unknown>): Promise<void>;
  run(options: Record<string, unknown>): Promise<{ stop(): Promise<void>; promise: Promise<void> }>;
}

/**
 * graphile-worker by its own loop. It deletes a job that is done, where the others keep it; and it does not wait for
 * that before it claims the next one.
 */
export const graphileWorker: OpenQueue = async (_lab, database, { workers, batch }) => {
  const { Logger, run, runMigrations } = await importPackage<GraphileWorkerPackage>("graphile-worker");
  const logger = new Logger(() => (level, message) => {
    if (level === "error") process.stderr.write(`graphile-worker: ${message}\n`);
  });
  await runMigrations({ connectionString: database.url, logger });
  let added = 0;
  const left = () => database.number("select count(*) from graphile_worker._private_jobs");

  return {
    async fill(jobs) {
      await database.query(
        `select count(*) from graphile_worker.add_jobs(array(
           select ('run', '{"scope_type": "workspace", "worker": "bench"}', null, null, null, null, null, null)
                  ::graphile_worker.job_spec
           from generate_series(1, $1::integer)
         ))`,
        [jobs],
      );
      added += jobs;
      await database.query("vacuum analyze");
    },

    async drain(jobs) {
      let handled = 0;
      let begun: number | undefined;
      let allHandled = () => {};
      const done = new Promise<void>((resolve) => {
        allHandled = resolve;
      });
      const events = new EventEmitter();
      // The time that it takes to start is not measured.
      const begin = () => {
        begun ??= performance.now();
      };
      events.on("worker:getJob:start", begin);
      events.on("localQueue:setMode", begin);
      const taskList = {
        run() {
          handled += 1;
          if (handled === jobs) allHandled();
        },
      };
      const options = { connectionString: database.url, taskList, logger, events, noHandleSignals: true };
      // One connection more than is worked with: it listens for new jobs with that.
      const one = { ...options, concurrency: workers, maxPoolSize: workers + 1 };
      const worker = { localQueue: { size: batch }, completeJobBatchDelay: 0 };
      // A pool claims for its workers, so that it is what claims a batch.
      const pool = { ...options, concurrency: batch, maxPoolSize: 2, preset: { worker } };
      const runners = await Promise.all(batch === 1 ? [run(one)] : Array.from({ length: workers }, () => run(pool)));
      await done;
      while ((await left()) > 0);
      const milliseconds = performance.now() - (begun ?? Number.NaN);
      await Promise.all(runners.map((runner) => runner.stop()));
      return milliseconds;
    },

    finished: async () => added - (await left()),
  };
};
