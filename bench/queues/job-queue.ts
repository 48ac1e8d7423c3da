import type { BenchDatabase, Lab } from "../harness/lab.ts";

/** How a queue is worked off. */
export interface Workforce {
  /** Each has a connection and one batch in its hands. */
  workers: number;
  /** Jobs that a worker claims, and finishes, in one statement. */
  batch: number;
}

/** A queue in a database of its own. Jobs have nothing to do but to be claimed and to succeed. */
export interface JobQueue {
  /** Adds jobs that are ready to be claimed. */
  fill(jobs: number): Promise<void>;
  /** Has every job claimed and finished. @returns milliseconds */
  drain(jobs: number): Promise<number>;
  /** How many jobs have been finished so far, by the database's account. */
  finished(): Promise<number>;
}

/** Makes a queue; what it starts is ended with the lab. */
export type OpenQueue = (lab: Lab, database: BenchDatabase, workforce: Workforce) => Promise<JobQueue>;

/** Runs `work` for each worker at the same time. @returns milliseconds until the last one is done */
export async function timed(workers: number, work: (worker: number) => Promise<void>): Promise<number> {
  const begun = performance.now();
  await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));
  return performance.now() - begun;
}
