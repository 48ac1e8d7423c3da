/** Telemetry runs that are wrong. */

import type { TestDatabase } from "../../support/database.ts";
import { insert } from "../support.ts";
import { farAhead, type Problem, runs } from "./problem.ts";

export const insertRun = (database: TestDatabase, values: Record<string, string>) =>
  insert(
    database,
    `public.${runs}`,
    { run_id: "gen_random_uuid()", scope_id: "gen_random_uuid()::text", ...values },
    "run_id",
  );

const succeeded = {
  status: "'SUCCEEDED'",
  started_at: "now() - interval '2 minutes'",
  finished_at: "now() - interval '1 minute'",
  output_ref: `'{"rows_scanned": 5}'`,
};

/** A run that only these columns make wrong. */
const run = (problem: string, values: Record<string, string>, says: RegExp, variant?: string): Problem => ({
  problem,
  table: runs,
  variant,
  plant: async (database) => [await insertRun(database, values)],
  says,
});

export const problemsOfRuns: Problem[] = [
  run("run_past_deadline", { status: "'RUNNING'", started_at: "now() - interval '1 hour'" }, /^RUNNING, and past/),
  run("run_queued_too_long", { triggered_at: "now() - interval '25 hours'" }, /no worker has claimed it/),
  run("run_without_start", { ...succeeded, started_at: "null" }, /^SUCCEEDED without started_at/, "finished"),
  run("run_without_start", { status: "'RUNNING'" }, /^RUNNING without started_at/, "running"),
  run("run_without_end", { status: "'CANCELLED'" }, /^CANCELLED without finished_at/),
  run("run_active_with_end", { finished_at: "now()" }, /^QUEUED, but finished at/),
  run(
    "run_ends_before_start",
    { ...succeeded, started_at: "now()", duration_ms: "5000" },
    /finished before that/,
    "with a duration",
  ),
  run("run_ends_before_start", { ...succeeded, started_at: "now()" }, /finished before that/, "without a duration"),
  run("run_success_without_evidence", { ...succeeded, output_ref: "null" }, /counts as fresh/, "no output"),
  run(
    "run_success_without_evidence",
    { ...succeeded, output_ref: `'{"rows_scanned": 0}'` },
    /counts as fresh/,
    "nothing scanned",
  ),
  run("run_figures_out_of_range", { ...succeeded, duration_ms: "-5" }, /^duration_ms is -5/, "duration"),
  run("run_figures_out_of_range", { ...succeeded, findings_count: "-1" }, /findings_count is -1/, "findings"),
  run("run_times_out_of_range", { ...succeeded, finished_at: "'infinity'" }, /^finished_at is infinity$/, "end"),
  run("run_times_out_of_range", { ...succeeded, finished_at: "'-infinity'" }, /^finished_at is -infinity$/, "no end"),
  run("run_times_out_of_range", { ...succeeded, started_at: "'-infinity'" }, /^started_at is -infinity$/, "no start"),
  run("run_times_out_of_range", { status: "'RUNNING'", started_at: "'infinity'" }, /^started_at is infinity$/, "start"),
  run("run_times_out_of_range", { started_at: farAhead }, /^started_at is 2/, "start of one that is queued"),
  run("run_times_out_of_range", { triggered_at: "'-infinity'" }, /^triggered_at is -infinity$/, "request"),
  run(
    "run_times_out_of_range",
    {
      ...succeeded,
      ...{ triggered_at: farAhead, started_at: farAhead, finished_at: farAhead },
      ...{ created_at: farAhead, updated_at: farAhead },
    },
    /^triggered_at is 2\S+ \S+ and started_at is .* and finished_at is .* and created_at is .* and updated_at is 2/,
    "all of it",
  ),
  {
    problem: "run_active_twice",
    table: runs,
    async plant(database) {
      const scope = { scope_id: "'both'", triggered_at: "now() - interval '1 hour'" };
      await insertRun(database, { ...scope, status: "'RUNNING'", started_at: "now()" });
      return [
        await insertRun(database, scope),
        await insertRun(database, { ...scope, triggered_at: "now() - interval '2 hours'" }),
      ];
    },
    says: /^QUEUED, beside run .* of the same scope workspace both$/,
  },
  {
    problem: "run_active_twice",
    table: runs,
    variant: "of a scope without an id",
    async plant(database) {
      const scope = { scope_type: "'global'", scope_id: "null" };
      await insertRun(database, { ...scope, triggered_at: "now() - interval '1 hour'" });
      return [await insertRun(database, scope)];
    },
    says: /of the same scope global$/,
  },
];
