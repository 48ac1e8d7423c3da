/** Sessions and their directives that are wrong. */

import { createDirective } from "../../functions/support/directives.ts";
import type { TestDatabase } from "../../support/database.ts";
import { silence, silentSession } from "../../sweep/support.ts";
import { context, startedSession } from "../../transitions/events.ts";
import { completedSession, pastTriggers } from "../support.ts";
import { farAhead, insertHandoff, insertSession, type Problem, sessions } from "./problem.ts";

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

export const problemsOfSessions: Problem[] = [
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
