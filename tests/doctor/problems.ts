import { createDirective } from "../functions/support/directives.ts";
import type { TestDatabase } from "../support/database.ts";
import { silence, silentSession } from "../sweep/support.ts";
import { context, startedSession } from "../transitions/events.ts";
import { completedSession, insert, insertCompany, pastTriggers } from "./support.ts";

export interface Problem {
  problem: string;
  table: string;
  /** What about it is different from another entry of the same problem. */
  variant?: string;
  /** Makes it, and returns the rows that the doctor has to name. */
  plant(database: TestDatabase): Promise<string[]>;
  /** Of the detail. */
  says: RegExp;
}

const runs = "telemetry_analysis_runs";
const generations = "okr_generation_log";
const sessions = "exec_implementation_sessions";
const checkpoints = "exec_quality_checkpoints";
const handoffs = "exec_handoff_preparations";
const metrics = "orchestration_metrics";

const insertRun = (database: TestDatabase, values: Record<string, string>) =>
  insert(
    database,
    `public.${runs}`,
    { run_id: "gen_random_uuid()", scope_id: "gen_random_uuid()::text", ...values },
    "run_id",
  );

/** Further than any clock can be. */
const farAhead = "now() + interval '25 hours'";

let months = 0;

/** A month that no other generation is for. */
const newPeriod = () => {
  months += 1;
  return `${2001 + Math.floor(months / 12)}-${String((months % 12) + 1).padStart(2, "0")}`;
};

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

/** A generation of a month of its own that only these columns make wrong. */
const generation = (problem: string, values: Record<string, string>, says: RegExp): Problem => ({
  problem,
  table: generations,
  plant: async (database) => [
    await insert(database, `public.${generations}`, {
      generation_date: "current_date",
      period: `'${newPeriod()}'`,
      status: "'failed'",
      ...values,
    }),
  ],
  says,
});

/** Two generations of one month, the second of which has to go. */
const takenPeriod = (status: string): Problem => ({
  problem: "generation_of_period_taken",
  table: generations,
  variant: status,
  async plant(database) {
    const values = { generation_date: "current_date", period: `'${newPeriod()}'` };
    await insert(database, `public.${generations}`, { ...values, created_at: "now() - interval '1 hour'" });
    return [await insert(database, `public.${generations}`, { ...values, status: `'${status}'` })];
  },
  says: /beside generation .* of the same period 20\d\d-\d\d$/,
});

/** A session that is right but for one update. */
const session = (
  problem: string,
  make: (database: TestDatabase) => Promise<{ id: string; sdId: string }>,
  columns: string,
  says: RegExp,
  variant?: string,
): Problem => ({
  problem,
  table: sessions,
  variant,
  async plant(database) {
    const { id } = await make(database);
    await database.query(`update public.${sessions} set ${columns} where id = $1`, [id]);
    return [id];
  },
  says,
});

/** A checkpoint of an active session that is right but for one update. */
const checkpoint = (problem: string, columns: string, says: RegExp, variant?: string): Problem => ({
  problem,
  table: checkpoints,
  variant,
  async plant(database) {
    const { id } = await startedSession(database);
    const rows = await database.query<{ id: string }>(
      `update public.${checkpoints} set ${columns} where session_id = $1 and checkpoint_type = 'TESTING' returning id`,
      [id],
    );
    return rows.map((row) => row.id);
  },
  says,
});

export const insertSession = (
  database: TestDatabase,
  sdId: string,
  status: string,
  values: Record<string, string> = {},
): Promise<string> =>
  insert(database, `public.${sessions}`, {
    sd_id: `'${sdId}'`,
    implementation_type: "'UI_COMPONENT'",
    status: `'${status}'`,
    ...values,
  });

const insertHandoff = async (database: TestDatabase, sessionId: string, values: Record<string, string> = {}) =>
  insert(database, `public.${handoffs}`, {
    session_id: `'${sessionId}'`,
    sd_id: `(select sd_id from public.${sessions} where id = '${sessionId}')`,
    implementation_summary: "'Done.'",
    ...values,
  });

/** A hand-off of a completed session that only these columns make wrong. */
const handoff = (problem: string, values: Record<string, string>, says: RegExp, variant?: string): Problem => ({
  problem,
  table: handoffs,
  variant,
  async plant(database) {
    const { id } = await completedSession(database);
    return [await insertHandoff(database, id, values)];
  },
  says,
});

/** A measurement that only these columns make wrong; $company, $venture and $session are its own. */
const metric = (problem: string, values: Record<string, string>, says: RegExp, variant?: string): Problem => ({
  problem,
  table: metrics,
  variant: variant ?? Object.keys(values).join(", "),
  async plant(database) {
    const own = await insertCompany(database);
    const other = await insertCompany(database);
    const all: Record<string, string> = { company_id: "$company", ...values };
    for (const [name, value] of Object.entries(all)) {
      all[name] = value
        .replace("$otherVenture", `'${other.venture}'`)
        .replace("$otherSession", `'${other.session}'`)
        .replace("$company", `'${own.company}'`)
        .replace("$venture", `'${own.venture}'`)
        .replace("$session", `'${own.session}'`);
    }
    return [await insert(database, `public.${metrics}`, all, "metric_id")];
  },
  says,
});

const outOfRange = (column: string, value: string) =>
  metric("metric_out_of_range", { [column]: value }, new RegExp(`^${column} is -?([0-9N]|infinity)`));

const resumed = async (database: TestDatabase) => {
  const made = await startedSession(database);
  for (const event of ["pause", "resume"]) {
    await database.query("select leo.move_exec_session($1, '{}', $2)", [made.id, { ...context, event }]);
  }
  return made;
};

/** A session whose attempt somebody has set, past the trigger that counts it. */
const attempt = (variant: string, value: number, status?: string): Problem => ({
  problem: "session_attempt_contradicts_history",
  table: sessions,
  variant,
  async plant(database) {
    const { id } = await resumed(database);
    if (status === "failed") {
      const request = { reason: "no way" };
      await database.query("select leo.move_exec_session($1, $2, $3)", [id, request, { ...context, event: "fail" }]);
    }
    await pastTriggers(database, `update public.${sessions} set attempt = ${value} where id = '${id}'`);
    return [id];
  },
  says: new RegExp(`^attempt is ${value}, but it became active 2 times`),
});

/** A session that came into the database as completed, with gates that nobody has passed. */
const openGates = (variant: string, add: (database: TestDatabase, sessionId: string) => Promise<void>): Problem => ({
  problem: "session_completed_with_open_gates",
  table: sessions,
  variant,
  async plant(database) {
    const sdId = await createDirective(database);
    await database.query("update public.strategic_directives_v2 set current_phase = 'PLAN_VERIFY' where id = $1", [
      sdId,
    ]);
    const id = await insertSession(database, sdId, "completed", {
      implementation_type: "'AUTHENTICATION'",
      completed_at: "now()",
    });
    await add(database, id);
    return [id];
  },
  says: /^completed, with incomplete required gates: CODE_QUALITY, SECURITY, TESTING$/,
});

/** A measurement that names what somebody deleted past the foreign keys. */
const orphanedMetric = (
  variant: string,
  deletions: (own: Awaited<ReturnType<typeof insertCompany>>) => string,
  says: RegExp,
): Problem => ({
  problem: "metric_orphaned",
  table: metrics,
  variant,
  async plant(database) {
    const own = await insertCompany(database);
    const id = await insert(
      database,
      `public.${metrics}`,
      { company_id: `'${own.company}'`, venture_id: `'${own.venture}'`, session_id: `'${own.session}'` },
      "metric_id",
    );
    await pastTriggers(database, deletions(own));
    return [id];
  },
  says,
});

/** Everything that the doctor knows, at least one way to it each. */
export const problems: Problem[] = [
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

  generation(
    "generation_running_too_long",
    { status: "'running'", created_at: "now() - interval '25 hours'" },
    /^running since/,
  ),
  generation(
    "generation_times_out_of_range",
    { status: "'running'", created_at: "'infinity'" },
    /^created_at is infinity$/,
  ),
  generation("generation_times_out_of_range", { generation_date: "'-infinity'" }, /^generation_date is -infinity$/),
  generation(
    "generation_times_out_of_range",
    { generation_date: "current_date + 400", created_at: farAhead },
    /^generation_date is 2.* and created_at is 2/,
  ),
  takenPeriod("completed"),
  takenPeriod("running"),
  generation("generation_without_status", { status: "null" }, /^has no status/),
  generation("generation_period_malformed", { period: "'2026-13'" }, /^period is '2026-13'/),
  generation("generation_counts_contradict", { top_down_count: "2", total_krs_generated: "3" }, /^2 .* 0 .* make 3$/),
  generation("generation_counts_contradict", { top_down_count: "-2", total_krs_generated: "-2" }, /^-2 top-down/),
  generation(
    "generation_ratios_contradict",
    { status: "'completed'", top_down_count: "1", bottom_up_count: "1", total_krs_generated: "2" },
    /^ratios 0\.40 and 0\.60 of 1 top-down/,
  ),
  generation("generation_ratios_contradict", { status: "'completed'", top_down_ratio: "0.9" }, /^ratios 0\.90/),

  {
    problem: "session_silent",
    table: sessions,
    plant: async (database) => [(await silentSession(database)).id],
    says: /^active, without a sign of life since/,
  },
  session("session_ended_without_time", startedSession, "status = 'failed'", /^failed without completed_at/),
  session("session_open_with_end", startedSession, "completed_at = now()", /^active, but completed_at is/),
  session(
    "session_ends_before_start",
    completedSession,
    "completed_at = now() - interval '1 hour'",
    /ended before that/,
  ),
  session(
    "session_times_out_of_range",
    startedSession,
    "started_at = '-infinity', updated_at = 'infinity'",
    /^started_at is -infinity and updated_at is infinity$/,
  ),
  session("session_times_out_of_range", completedSession, "completed_at = 'infinity'", /^completed_at is/, "end"),
  session("session_times_out_of_range", completedSession, "completed_at = '-infinity'", /^completed_at is/, "no end"),
  session(
    "session_times_out_of_range",
    completedSession,
    `started_at = ${farAhead}, completed_at = ${farAhead}, created_at = ${farAhead}, updated_at = ${farAhead}`,
    /^started_at is 2\S+ \S+ and completed_at is .* and created_at is .* and updated_at is 2/,
    "all of it",
  ),
  openGates("no more", async () => {}),
  openGates("and a hand-off that was accepted", async (database, id) => {
    await insertHandoff(database, id, {
      handoff_status: "'accepted'",
      sent_at: "now() - interval '1 hour'",
      response_at: "now()",
    });
  }),
  {
    problem: "session_orphaned",
    table: sessions,
    async plant(database) {
      const { id, sdId } = await startedSession(database);
      await insertHandoff(database, id);
      await pastTriggers(database, `delete from public.strategic_directives_v2 where id = '${sdId}'`);
      return [id];
    },
    says: /^there is no directive SD-/,
  },
  attempt("lower", 1),
  attempt("higher, active", 4),
  attempt("higher, failed", 3, "failed"),
  {
    problem: "directive_with_two_sessions",
    table: sessions,
    variant: "paused and active",
    async plant(database) {
      const { sdId } = await startedSession(database);
      return [await insertSession(database, sdId, "paused")];
    },
    says: /^paused, beside session .* of the same directive, which is active$/,
  },
  {
    problem: "directive_with_two_sessions",
    table: sessions,
    variant: "paused, active and completed",
    async plant(database) {
      const { sdId } = await completedSession(database);
      return [await insertSession(database, sdId, "paused"), await insertSession(database, sdId, "active")];
    },
    says: /^(active|paused), beside session .* of the same directive, which is completed$/,
  },
  {
    problem: "directive_with_two_sessions",
    table: sessions,
    variant: "where one has been cancelled before",
    async plant(database) {
      const { sdId } = await startedSession(database);
      await insertSession(database, sdId, "cancelled", { completed_at: "now()" });
      return [await insertSession(database, sdId, "paused")];
    },
    says: /which is active$/,
  },
  {
    problem: "directive_behind_its_session",
    table: "strategic_directives_v2",
    async plant(database) {
      const { sdId } = await completedSession(database);
      await database.query(
        "update public.strategic_directives_v2 set current_phase = 'EXEC_IMPLEMENTATION' where id = $1",
        [sdId],
      );
      return [sdId];
    },
    says: /^in EXEC_IMPLEMENTATION, though its session .* is completed/,
  },
  {
    problem: "directive_ahead_of_its_session",
    table: "strategic_directives_v2",
    async plant(database) {
      const { sdId } = await startedSession(database);
      await database.query("update public.strategic_directives_v2 set current_phase = 'PLAN_VERIFY' where id = $1", [
        sdId,
      ]);
      return [sdId];
    },
    says: /^in PLAN_VERIFY, though its session .* is active/,
  },

  {
    problem: "checkpoint_orphaned",
    table: checkpoints,
    async plant(database) {
      const { id } = await startedSession(database);
      await pastTriggers(database, `delete from public.${sessions} where id = '${id}'`);
      const rows = await database.query<{ id: string }>(`select id from public.${checkpoints} where session_id = $1`, [
        id,
      ]);
      return rows.map((row) => row.id);
    },
    says: /^there is no session/,
  },
  {
    problem: "checkpoint_of_another_directive",
    table: checkpoints,
    async plant(database) {
      const { id } = await startedSession(database);
      const rows = await database.query<{ id: string }>(
        `update public.${checkpoints} set sd_id = $2 where session_id = $1 returning id`,
        [id, await createDirective(database)],
      );
      return rows.map((row) => row.id);
    },
    says: /^says directive SD-.*, and its session SD-/,
  },
  checkpoint(
    "checkpoint_complete_without_record",
    "is_complete = true, score = 1",
    /^complete without completed_at and completed_by/,
  ),
  checkpoint(
    "checkpoint_complete_without_record",
    "is_complete = true, completed_at = now()",
    /^complete without completed_by/,
    "by whom",
  ),
  checkpoint(
    "checkpoint_incomplete_with_record",
    "completed_by = 'somebody'",
    /^incomplete, but completed by somebody/,
  ),
  checkpoint("checkpoint_times_out_of_range", "updated_at = 'infinity'", /^updated_at is infinity$/, "change"),
  checkpoint(
    "checkpoint_times_out_of_range",
    `is_complete = true, score = 1, completed_by = 'somebody', completed_at = '-infinity', created_at = ${farAhead}`,
    /^completed_at is -infinity and created_at is 2/,
    "all but that",
  ),
  checkpoint(
    "checkpoint_score_out_of_range",
    "is_complete = true, completed_at = now(), completed_by = 'somebody', score = null",
    /^score is null, though it is complete/,
    "none",
  ),
  {
    problem: "checkpoint_score_out_of_range",
    table: checkpoints,
    async plant(database) {
      const { id } = await startedSession(database);
      // Brought along from a database that did not have the constraint.
      await database.query(`alter table public.${checkpoints} drop constraint exec_quality_checkpoints_score_check`);
      const rows = await database.query<{ id: string }>(
        `update public.${checkpoints} set score = 101 where session_id = $1 returning id`,
        [id],
      );
      await database.query(
        `alter table public.${checkpoints} add constraint exec_quality_checkpoints_score_check
         check (score >= 0 and score <= 100) not valid`,
      );
      return rows.map((row) => row.id);
    },
    says: /^score is 101/,
  },

  {
    problem: "handoff_orphaned",
    table: handoffs,
    async plant(database) {
      const { id } = await startedSession(database);
      const handoffId = await insertHandoff(database, id);
      await database.query(`delete from public.${checkpoints} where session_id = $1`, [id]);
      await pastTriggers(database, `delete from public.${sessions} where id = '${id}'`);
      return [handoffId];
    },
    says: /^there is no session/,
  },
  {
    problem: "handoff_of_another_directive",
    table: handoffs,
    async plant(database) {
      const { id } = await startedSession(database);
      return [await insertHandoff(database, id, { sd_id: `'${await createDirective(database)}'` })];
    },
    says: /^says directive SD-.*, and its session SD-/,
  },
  {
    problem: "handoff_open_twice",
    table: handoffs,
    async plant(database) {
      const { id } = await completedSession(database);
      const times = { created_at: "now() - interval '1 hour'" };
      await insertHandoff(database, id, { handoff_status: "'sent'", sent_at: "now()" });
      return [await insertHandoff(database, id, times), await insertHandoff(database, id)];
    },
    says: /^preparing, beside hand-off .* of the same session .*, which is sent$/,
  },
  handoff("handoff_without_times", { handoff_status: "'sent'" }, /^sent without sent_at$/, "sent"),
  handoff(
    "handoff_without_times",
    { handoff_status: "'accepted'", sent_at: "now()" },
    /without response_at$/,
    "answer",
  ),
  handoff(
    "handoff_without_times",
    { handoff_status: "'rejected'" },
    /^rejected without sent_at and response_at$/,
    "both",
  ),
  handoff("handoff_with_times_to_come", { handoff_status: "'ready'", sent_at: "now()" }, /^ready, but sent at/, "sent"),
  handoff(
    "handoff_with_times_to_come",
    { handoff_status: "'sent'", sent_at: "now()", response_at: "now()" },
    /^sent, but answered at/,
    "answer",
  ),
  handoff(
    "handoff_answered_before_sent",
    { handoff_status: "'accepted'", sent_at: "now()", response_at: "now() - interval '1 hour'" },
    /answered before that/,
  ),
  handoff(
    "handoff_times_out_of_range",
    { handoff_status: "'sent'", sent_at: "'-infinity'" },
    /^sent_at is -infinity$/,
    "sent",
  ),
  handoff(
    "handoff_times_out_of_range",
    { handoff_status: "'rejected'", sent_at: "now()", response_at: "'infinity'" },
    /^response_at is infinity$/,
    "answer",
  ),
  handoff(
    "handoff_times_out_of_range",
    { handoff_status: "'accepted'", sent_at: farAhead, response_at: "now()" },
    /^sent_at is 2/,
    "sent later than answered",
  ),
  handoff(
    "handoff_times_out_of_range",
    {
      ...{ handoff_status: "'accepted'", prepared_at: farAhead, sent_at: farAhead, response_at: "'-infinity'" },
      ...{ created_at: "'infinity'", updated_at: "'-infinity'" },
    },
    /^prepared_at is 2.* and sent_at is .* and response_at is -.* and created_at is inf.* and updated_at is -inf/,
    "all of it",
  ),
  {
    problem: "handoff_of_open_session",
    table: handoffs,
    async plant(database) {
      const { id } = await startedSession(database);
      return [await insertHandoff(database, id, { handoff_status: "'sent'", sent_at: "now()" })];
    },
    says: /^sent, but its session .* is active/,
  },
  {
    problem: "handoff_accepted_by_sender",
    table: handoffs,
    async plant(database) {
      const { id } = await completedSession(database);
      const handoffId = await insertHandoff(database, id);
      for (const columns of ["'ready'", "'sent', sent_at = now()", "'accepted', response_at = now()"]) {
        await database.query(`update public.${handoffs} set handoff_status = ${columns} where id = $1`, [handoffId]);
      }
      return [handoffId];
    },
    says: /^sent and accepted by postgres$/,
  },

  outOfRange("error_rate", "-9.5"),
  outOfRange("error_rate", "1.0001"),
  outOfRange("handoff_efficiency", "100.01"),
  outOfRange("agent_utilization", "-0.01"),
  outOfRange("data_quality_score", "200"),
  outOfRange("confidence_score", "'NaN'"),
  outOfRange("compute_cost", "-0.01"),
  outOfRange("action_count", "-1"),
  outOfRange("success_count", "-1"),
  outOfRange("failure_count", "-1"),
  outOfRange("chairman_interventions", "-1"),
  outOfRange("chairman_approvals", "-1"),
  outOfRange("chairman_rejections", "-1"),
  outOfRange("api_calls_made", "-1"),
  outOfRange("stage_duration", "'-1 second'"),
  outOfRange("agent_response_time", "'-1 second'"),
  outOfRange("stage_duration", "'infinity'"),
  outOfRange("metric_period_start", "'-infinity'"),
  outOfRange("metric_period_end", "'infinity'"),
  {
    problem: "metric_out_of_range",
    table: metrics,
    variant: "stage_id",
    async plant(database) {
      const { company } = await insertCompany(database);
      // Brought along from a database that did not have the constraint.
      await database.query(`alter table public.${metrics} drop constraint orchestration_metrics_stage_id_check`);
      const values = { company_id: `'${company}'`, stage_id: "41" };
      const id = await insert(database, `public.${metrics}`, values, "metric_id");
      await database.query(
        `alter table public.${metrics} add constraint orchestration_metrics_stage_id_check
         check (stage_id >= 1 and stage_id <= 40) not valid`,
      );
      return [id];
    },
    says: /^stage_id is 41$/,
  },
  metric(
    "metric_out_of_range",
    { error_rate: "2", compute_cost: "-1" },
    /^error_rate is 2\.0000, compute_cost is -1\.00$/,
  ),
  metric(
    "metric_counts_contradict",
    { action_count: "2", success_count: "2", failure_count: "1" },
    /^2 successes and 1 failures of 2 actions$/,
  ),
  metric(
    "metric_counts_contradict",
    { action_count: "2147483647", success_count: "2147483647", failure_count: "1" },
    /^2147483647 successes/,
    "more than a number can hold",
  ),
  metric(
    "metric_period_reversed",
    { metric_period_start: "now()", metric_period_end: "now() - interval '1 hour'" },
    /^from .* to /,
  ),
  metric(
    "metric_without_company",
    { company_id: "null", venture_id: "$venture" },
    /^belongs to no company.* its venture belongs to company/,
    "a venture",
  ),
  metric(
    "metric_without_company",
    { company_id: "null", session_id: "$session" },
    /^belongs to no company.* its session belongs to company/,
    "a session",
  ),
  metric("metric_of_another_company", { venture_id: "$otherVenture" }, /^its venture belongs to company/),
  metric("metric_of_another_company", { session_id: "$otherSession" }, /^its session belongs to company/),
  metric(
    "metric_of_another_company",
    { venture_id: "$otherVenture", session_id: "$otherSession" },
    /^its venture belongs to company .* and its session belongs to company/,
  ),
  orphanedMetric(
    "a venture and a session",
    ({ venture, session }) =>
      `delete from public.ventures where id = '${venture}';
       delete from public.eva_orchestration_sessions where session_id = '${session}'`,
    /^there is nothing that venture_id and session_id names$/,
  ),
  orphanedMetric(
    "all of it",
    ({ company, venture, session }) =>
      `delete from public.ventures where id = '${venture}';
       delete from public.eva_orchestration_sessions where session_id = '${session}';
       delete from public.companies where id = '${company}'`,
    /^there is nothing that company_id and venture_id and session_id names$/,
  ),
  metric("metric_without_time", { recorded_at: "null" }, /^has no recorded_at/),
  metric(
    "metric_without_time",
    { recorded_at: "'-infinity'", metric_period_end: "now()" },
    /^recorded_at is -infinity, so/,
  ),
  metric("metric_from_the_future", { recorded_at: "now() + interval '25 hours'" }, /^recorded_at is/),
  metric("metric_from_the_future", { recorded_at: "'infinity'" }, /^recorded_at is infinity/, "infinity"),

  {
    problem: "history_missing",
    table: runs,
    async plant(database) {
      const run_id = crypto.randomUUID();
      await pastTriggers(database, `insert into public.${runs} (run_id) values ('${run_id}')`);
      return [run_id];
    },
    says: /^QUEUED, and the history knows nothing of it$/,
  },
  {
    problem: "history_missing",
    table: sessions,
    async plant(database) {
      const { id } = await startedSession(database);
      await database.query("delete from public.state_transitions where entity_id = $1", [id]);
      return [id];
    },
    says: /^active, and the history knows nothing of it$/,
  },
  {
    problem: "history_contradicts_status",
    table: runs,
    async plant(database) {
      const id = await insertRun(database, {});
      await pastTriggers(
        database,
        `update public.${runs} set status = 'CANCELLED', finished_at = now() where run_id = '${id}'`,
      );
      return [id];
    },
    says: /^CANCELLED, but the history ends with QUEUED$/,
  },
  {
    problem: "history_contradicts_status",
    table: checkpoints,
    async plant(database) {
      const { id } = await startedSession(database);
      await pastTriggers(
        database,
        `update public.${checkpoints} set is_complete = true, completed_at = now(), completed_by = 'nobody'
         where session_id = '${id}' and checkpoint_type = 'TESTING'`,
      );
      const rows = await database.query<{ id: string }>(
        `select id from public.${checkpoints} where session_id = $1 and is_complete`,
        [id],
      );
      return rows.map((row) => row.id);
    },
    says: /^complete, but the history ends with incomplete$/,
  },

  {
    problem: "membership_undecided",
    table: "user_company_access",
    async plant(database) {
      const user = await insert(database, "auth.users", { id: "gen_random_uuid()" });
      const { company } = await insertCompany(database);
      return [
        await insert(database, "public.user_company_access", { user_id: `'${user}'`, company_id: `'${company}'` }),
      ];
    },
    says: /is null, which gives no access$/,
  },
  {
    problem: "override_unused",
    table: "leo.status_overrides",
    plant: async (database) => [
      await insert(
        database,
        "leo.status_overrides",
        { machine: "'handoff'", entity_id: "gen_random_uuid()", reason: "'why not'" },
        "entity_id",
      ),
    ],
    says: /^an override of handoff that its transaction left behind: why not$/,
  },
  {
    problem: "idempotency_key_unanswered",
    table: "leo.idempotency_keys",
    plant: async (database) => [
      await insert(
        database,
        "leo.idempotency_keys",
        {
          caller: "'secret:test'",
          key: "'it''s'",
          route: "'POST /'",
          digest: "'-'",
          created_at: "now() - interval '61 minutes'",
        },
        "caller || ' ' || key",
      ),
    ],
    says: /^without an answer since/,
  },
];

/** A silent session beside a paused one of the same directive, which the sweep has no room for: two problems. */
export async function plantSilentSessionWithoutRoom(database: TestDatabase): Promise<string> {
  const { id, sdId } = await startedSession(database);
  await insertSession(database, sdId, "paused");
  await silence(database, id);
  return id;
}

/** A directive with a session in each status: two of them are one too many, and there is no status left for them. */
export async function plantFullDirective(database: TestDatabase): Promise<string[]> {
  const { sdId } = await completedSession(database);
  for (const status of ["failed", "cancelled"]) await insertSession(database, sdId, status, { completed_at: "now()" });
  return [await insertSession(database, sdId, "active"), await insertSession(database, sdId, "paused")];
}
