/** Quality checkpoints that are wrong. */

import { createDirective } from "../../functions/support/directives.ts";
import { startedSession } from "../../transitions/events.ts";
import { pastTriggers } from "../support.ts";
import { checkpoints, farAhead, type Problem, sessions } from "./problem.ts";

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

export const problemsOfCheckpoints: Problem[] = [
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
];
