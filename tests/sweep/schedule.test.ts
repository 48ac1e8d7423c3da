import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { repositoryRoot } from "../../local/paths.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { installInterfacesOf } from "../support/platform-extensions.ts";

const migration = join(repositoryRoot, "supabase/migrations/20260305000530_schedule_sweep.sql");

let database: TestDatabase;
let client: pg.Client;

beforeEach(async () => {
  database = await createTestDatabase();
  client = await database.connect();
});
afterEach(() => database.drop());

/** Runs the migration again as it was run first, and returns what it said. */
async function migrateAgain(): Promise<{ message: string | undefined; hint: string | undefined }[]> {
  const notices: { message: string | undefined; hint: string | undefined }[] = [];
  client.on("notice", ({ message, hint }) => notices.push({ message, hint }));
  await client.query("drop function leo.schedule_sweep()");
  await client.query(`begin; ${await readFile(migration, "utf8")}; commit`);
  return notices;
}

describe("where the server does not have pg_cron, as here,", () => {
  it("the migration passes and says what to do instead", async () => {
    const [{ available } = { available: true }] = await database.query<{ available: boolean }>(
      "select exists (select from pg_available_extensions where name = 'pg_cron') as available",
    );
    expect(available).toBe(false);
    expect(await migrateAgain()).toEqual([
      {
        message: "the sweep is not scheduled: this server does not have pg_cron",
        hint: expect.stringMatching(/telemetry-runs\/sweep every minute.*select leo\.schedule_sweep\(\)/),
      },
    ]);
  });

  it("who asks for it is told so by an error", async () => {
    await expect(database.query("select leo.schedule_sweep()")).rejects.toMatchObject({
      message: "this server does not have pg_cron",
      hint: expect.stringContaining("POST /functions/v1/telemetry-runs/sweep"),
    });
  });
});

const jobs = () =>
  database.query<{ jobname: string; schedule: string; command: string }>(
    "select jobname, schedule, command from cron.job order by jobname",
  );

describe("where pg_cron is there", () => {
  beforeEach(() => installInterfacesOf(database.adminUrl, "pg_cron"));

  it("the migration schedules a sweep for every minute", async () => {
    expect(await migrateAgain()).toEqual([
      { message: "pg_cron sweeps and rolls metrics up every minute (jobs leo-sweep and leo-roll-up)", hint: undefined },
    ]);
    expect(await jobs()).toMatchObject([
      { jobname: "leo-roll-up", schedule: "* * * * *" },
      { jobname: "leo-sweep", schedule: "* * * * *" },
      { jobname: "leo-sweep-log" },
    ]);
  });

  it("it may be scheduled again, without a second job", async () => {
    await database.query("select leo.schedule_sweep()");
    const once = await jobs();
    await database.query("select leo.schedule_sweep()");
    expect(await jobs()).toEqual(once);
    expect(once.map(({ jobname }) => jobname)).toEqual(["leo-roll-up", "leo-sweep", "leo-sweep-log"]);
  });

  it("the job sweeps, as the sweep", async () => {
    await database.query(`
      insert into public.telemetry_analysis_runs (run_id, status, started_at)
      values (gen_random_uuid(), 'RUNNING', now() - interval '1 hour')`);
    await database.query("select leo.schedule_sweep()");
    const [, sweep] = await jobs();
    await database.query(sweep?.command as string);
    expect(await database.query("select event, actor from public.state_transitions order by id desc limit 1")).toEqual([
      { event: "time_out", actor: "sweep" },
    ]);
  });

  it("the other job rolls metrics up", async () => {
    const [company] = await database.query<{ id: string }>(
      "insert into public.companies (name) values ('A company') returning id",
    );
    await database.query(
      "insert into public.orchestration_metrics (company_id, recorded_at) values ($1, now() - interval '1 day')",
      [company?.id],
    );
    await database.query("select leo.schedule_sweep()");
    const [rollUp] = await jobs();
    // The first call tells writers to mark what they change; days are summed up from the next one on.
    for (const _call of [1, 2]) await database.query(rollUp?.command as string);
    expect(await database.query("select company_id from public.orchestration_daily_summaries")).toEqual([
      { company_id: company?.id },
    ]);
  });

  it("what pg_cron notes about our jobs is kept for a week, and about others' for ever", async () => {
    await database.query("select leo.schedule_sweep()");
    await database.query("select cron.schedule('theirs', '0 0 * * *', 'select 1')");
    await database.query(`
      insert into cron.job_run_details (jobid, runid, end_time)
      select job.jobid, days, now() - days * interval '1 day' from cron.job, (values (6), (8)) as age (days)`);
    const [, , log] = await jobs();
    await database.query(log?.command as string);
    expect(
      await database.query(
        `select jobname, runid::integer as days from cron.job_run_details join cron.job using (jobid)
         order by jobname, days`,
      ),
    ).toEqual([
      { jobname: "leo-roll-up", days: 6 },
      { jobname: "leo-sweep", days: 6 },
      { jobname: "leo-sweep-log", days: 6 },
      { jobname: "theirs", days: 6 },
      { jobname: "theirs", days: 8 },
    ]);
  });

  it("but does not do as it should, the migration passes all the same and says what went wrong", async () => {
    await database.query("drop function cron.schedule");
    expect(await migrateAgain()).toEqual([
      {
        message: expect.stringMatching(/^the sweep is not scheduled: function cron\.schedule/),
        hint: expect.stringContaining("select leo.schedule_sweep()"),
      },
    ]);
  });
});
