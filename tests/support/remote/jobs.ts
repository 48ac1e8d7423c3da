import { messageOf } from "../../../local/stack-error.ts";
import type { Query } from "./empty.ts";

/** pg_cron's jobs of this project, as `leo.schedule_sweep()` names them. */
const ours = "jobname like 'leo-%'";

/** Not by `leo.schedule_sweep()`: pg_cron leaves a job that is there as active or inactive as it was. */
const wakeUp = `select cron.alter_job(jobid, active => true) from cron.job where ${ours}`;

async function jobs(query: Query, active: boolean): Promise<{ id: string; name: string }[]> {
  const [found] = await query<{ cron: string | null }>("select to_regclass('cron.job')::text as cron");
  if (!found?.cron) return [];
  return query(
    `select jobid::text as id, jobname as name from cron.job where active = $1 and ${ours} order by jobname`,
    [active],
  );
}

const names = (list: { name: string }[]) => list.map(({ name }) => name).join(", ");

/**
 * Asserts that no job rests before the tests have them rest: a run that was killed leaves them so.
 *
 * @throws Error that says how to bring them back
 */
export async function requireJobsAtWork(query: Query): Promise<void> {
  const resting = await jobs(query, false);
  if (resting.length === 0) return;
  throw new Error(
    `pg_cron's jobs rest (${names(resting)}), as a run of test:remote that was killed leaves them. To bring them ` +
      `back: ${wakeUp}; to do without: select cron.unschedule(jobid) from cron.job where ${ours}. Nothing was done.`,
  );
}

/**
 * Has pg_cron leave the rows of the tests alone, all its jobs or none.
 *
 * @returns what brings the jobs back; given a connection of its own, as the one of the tests may be what has failed
 */
export async function pauseJobs(query: Query): Promise<(query: Query) => Promise<void>> {
  const paused = await jobs(query, true);
  if (paused.length === 0) return async () => {};
  const ids = paused.map(({ id }) => id);
  const alter = "select cron.alter_job(jobid, active => $2) from cron.job where jobid = any ($1::bigint[])";
  await query(alter, [ids, false]);
  return async (again) => {
    await again(alter, [ids, true]).catch((error: unknown) => {
      throw new Error(`pg_cron's jobs still rest (${names(paused)}): ${messageOf(error)}; bring them back: ${wakeUp}`);
    });
  };
}
