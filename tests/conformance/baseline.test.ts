import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { readCatalogue } from "./catalogue.ts";
import { differences } from "./compare.ts";
import { documentedFacts, lastBaselineMigration, referenceTables } from "./documented.ts";

let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase({ migratedTo: lastBaselineMigration });
  client = await database.connect();
});
afterAll(() => database.drop());

const differencesNow = async () => differences(documentedFacts, await readCatalogue(client, referenceTables));

it("recreates every documented table to the letter, and nothing else", async () => {
  expect(await differencesNow()).toEqual([]);
});

it("makes every reference table", async () => {
  const tables = await database.query<{ tablename: string }>(
    "select tablename from pg_tables where schemaname = 'public' order by tablename",
  );
  expect(tables.map(({ tablename }) => tablename)).toEqual(
    [...referenceTables, ...Object.keys(documentedFacts)].sort(),
  );
});

describe("the comparison reports", () => {
  beforeEach(() => client.query("begin"));
  afterEach(() => client.query("rollback"));

  const okr = "okr_generation_log";
  const alterations: [title: string, sql: string, path: string, documented: string | null, now: string | null][] = [
    [
      "a changed default",
      "alter table okr_generation_log alter column status set default 'running'",
      `${okr}.columns.status`,
      "text default 'completed'::text",
      "text default 'running'::text",
    ],
    [
      "a dropped default",
      "alter table okr_generation_log alter column created_by drop default",
      `${okr}.columns.created_by`,
      "text default 'eva-scheduler'::text",
      "text",
    ],
    [
      "another precision",
      "alter table okr_generation_log alter column top_down_ratio type numeric(4, 2)",
      `${okr}.columns.top_down_ratio`,
      "numeric(3,2) default 0.40",
      "numeric(4,2) default 0.40",
    ],
    [
      "a column that may be null",
      "alter table okr_generation_log alter column period drop not null",
      `${okr}.columns.period`,
      "text not null",
      "text",
    ],
    [
      "an array of something else",
      "alter table orchestration_metrics alter column agents_involved type uuid[] using null",
      "orchestration_metrics.columns.agents_involved",
      "ARRAY",
      "ARRAY of uuid",
    ],
    ["an added column", "alter table okr_generation_log add column note text", `${okr}.columns.note`, null, "text"],
    [
      "a dropped column",
      "alter table okr_generation_log drop column error_message",
      `${okr}.columns.error_message`,
      "text",
      null,
    ],
    [
      "a constraint that is checked at once",
      `alter table exec_implementation_sessions drop constraint exec_implementation_sessions_sd_id_status_key,
        add constraint exec_implementation_sessions_sd_id_status_key unique (sd_id, status)`,
      "exec_implementation_sessions.constraints.exec_implementation_sessions_sd_id_status_key",
      "UNIQUE (sd_id, status) DEFERRABLE INITIALLY DEFERRED",
      "UNIQUE (sd_id, status)",
    ],
    [
      "a foreign key with an action",
      `alter table okr_generation_log drop constraint okr_generation_log_vision_id_fkey,
        add constraint okr_generation_log_vision_id_fkey
        foreign key (vision_id) references strategic_vision (id) on delete cascade`,
      `${okr}.constraints.okr_generation_log_vision_id_fkey`,
      "FOREIGN KEY (vision_id) REFERENCES strategic_vision(id)",
      "FOREIGN KEY (vision_id) REFERENCES strategic_vision(id) ON DELETE CASCADE",
    ],
    [
      "a missing index",
      "drop index idx_okr_gen_log_date",
      `${okr}.indexes.idx_okr_gen_log_date`,
      "CREATE INDEX idx_okr_gen_log_date ON public.okr_generation_log USING btree (generation_date)",
      null,
    ],
    [
      "a policy for another role",
      "alter policy exec_checkpoints_select on exec_quality_checkpoints to anon",
      "exec_quality_checkpoints.policies.exec_checkpoints_select",
      "SELECT to {authenticated} using true",
      "SELECT to {anon} using true",
    ],
    [
      "a restrictive policy",
      "create policy narrow on okr_generation_log as restrictive for select using (true)",
      `${okr}.policies.narrow`,
      null,
      "SELECT RESTRICTIVE to {public} using true",
    ],
    [
      "a disabled trigger",
      "alter table telemetry_analysis_runs disable trigger trg_telemetry_runs_updated_at",
      "telemetry_analysis_runs.triggers.trg_telemetry_runs_updated_at",
      "BEFORE UPDATE EXECUTE FUNCTION update_telemetry_runs_updated_at()",
      "BEFORE UPDATE DISABLED EXECUTE FUNCTION update_telemetry_runs_updated_at()",
    ],
    [
      "row level security that is off",
      "alter table okr_generation_log disable row level security",
      `${okr}.rls`,
      "enabled",
      "disabled",
    ],
    ["an undocumented table", "create table more ()", "more", null, "table"],
  ];

  it.each(alterations)("%s", async (_title, sql, path, documented, now) => {
    await client.query(sql);
    expect(await differencesNow()).toEqual([{ path, documented, now }]);
  });

  it("a column in another place", async () => {
    await client.query("alter table okr_generation_log drop column period, add column period text");
    await client.query("update okr_generation_log set period = ''");
    await client.query("alter table okr_generation_log alter column period set not null");
    expect((await differencesNow()).map(({ path }) => path)).toEqual([
      `${okr}.columnOrder`,
      `${okr}.indexes.idx_okr_gen_log_period`,
    ]);
  });

  it("a dropped table", async () => {
    await client.query("drop table okr_generation_log");
    expect(await differencesNow()).toEqual([{ path: okr, documented: "table", now: null }]);
  });
});
