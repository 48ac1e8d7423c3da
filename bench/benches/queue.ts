import type { Bench, Contender } from "../harness/bench.ts";
import { graphileWorker } from "../queues/graphile-worker.ts";
import type { JobQueue, OpenQueue, Workforce } from "../queues/job-queue.ts";
import { pgBoss } from "../queues/pg-boss.ts";
import { telemetryRuns } from "../queues/telemetry-runs.ts";

const open = { "telemetry runs": telemetryRuns, "pg-boss": pgBoss, "graphile-worker": graphileWorker };
type Name = keyof typeof open;
const names = Object.keys(open) as Name[];

interface State {
  jobs: number;
  queues: Record<Name, JobQueue>;
}

const contender = (name: Name): Contender<State> => ({
  name,
  prepare: ({ queues, jobs }) => queues[name].fill(jobs),
  async run({ queues, jobs }) {
    const milliseconds = await queues[name].drain(jobs);
    return { done: jobs, figures: { rate: (jobs / milliseconds) * 1000 } };
  },
  count: ({ queues }) => queues[name].finished(),
});

/** Claim and success of jobs that take no time themselves, until the queue is empty. */
function queue(workforce: Workforce, jobs: { full: number; quick: number }, ways: string): Bench<State> {
  const { batch, workers } = workforce;
  return {
    name: `queue-${batch}`,
    question: `How many runs a second are claimed and succeed, ${batch === 1 ? "one by one" : `${batch} at a time`}?`,
    how:
      `By SQL, ${workers} workers, each queue in a database of its own and worked off to the last job, which has ` +
      `nothing to do. All by the driver pg. ${ways} Finished runs and jobs stay in their tables, but for those of ` +
      "graphile-worker, which deletes them. Runs have two rows of history each, the others none.",
    figures: { rate: "/s" },
    contenders: names.map(contender),
    goals: names
      .filter((name) => name !== "telemetry runs")
      .map((name) => ({ figure: "rate", contender: "telemetry runs", against: name, atLeast: 1 })),
    async setup(lab) {
      const opened = async (openQueue: OpenQueue) => openQueue(lab, await lab.database(), workforce);
      return {
        jobs: lab.size(jobs.full, jobs.quick),
        queues: {
          "telemetry runs": await opened(open["telemetry runs"]),
          "pg-boss": await opened(open["pg-boss"]),
          "graphile-worker": await opened(open["graphile-worker"]),
        },
      };
    },
  };
}

export const queue1 = queue(
  { workers: 8, batch: 1 },
  { full: 10_000, quick: 2_000 },
  "A run is finished and the next one claimed in one statement (claim_next); pg-boss by fetch and complete; " +
    "graphile-worker by its own loop, with one connection per worker, which it opens anew for each round.",
);

export const queue50 = queue(
  { workers: 4, batch: 50 },
  { full: 40_000, quick: 10_000 },
  "Runs are claimed in one statement and updated in another; pg-boss by fetch and complete; graphile-worker as 4 " +
    "pools, each with a local queue of 50 for 50 workers, and jobs completed in batches.",
);
