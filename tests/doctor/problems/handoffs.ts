/** Hand-offs that are wrong. */

import { createDirective } from "../../functions/support/directives.ts";
import { startedSession } from "../../transitions/events.ts";
import { completedSession, pastTriggers } from "../support.ts";
import { checkpoints, farAhead, handoffs, insertHandoff, type Problem, sessions } from "./problem.ts";

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

export const problemsOfHandoffs: Problem[] = [
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
];
