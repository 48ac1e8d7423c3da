/** Rows of the history, memberships, overrides and idempotency keys that are wrong. */

/** The history, memberships, overrides and keys that are wrong. */

import { startedSession } from "../../transitions/events.ts";
import { insert, insertCompany, pastTriggers } from "../support.ts";
import { checkpoints, type Problem, runs, sessions } from "./problem.ts";
import { insertRun } from "./runs.ts";

export const problemsOfRest: Problem[] = [
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
