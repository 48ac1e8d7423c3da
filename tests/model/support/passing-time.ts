import type { Database } from "./database.ts";
import { sessionsOf, type World } from "./world.ts";

/** Something that comes with time alone: rows are backdated, nobody waits. */
export interface Passing {
  title: string;
  pass(database: Database): Promise<void>;
}

/** Everything that time can do to a world now. */
export function passings(world: World): Passing[] {
  const running = world.runs.filter(({ status, overdue }) => status === "RUNNING" && !overdue);
  const generations = world.generations.filter(({ status, old }) => status === "running" && !old);
  const sessions = sessionsOf(world).filter(({ status, silent }) => status === "active" && !silent);
  return [
    ...running.map(
      (run): Passing => ({
        title: `run ${run.id} passes its deadline`,
        async pass(database) {
          await database.query(
            `update public.telemetry_analysis_runs
             set metadata = metadata || jsonb_build_object('deadline_at', now() - interval '1 hour')
             where run_id = $1`,
            [run.id],
          );
          run.overdue = true;
        },
      }),
    ),
    ...generations.map(
      (generation): Passing => ({
        title: `generation ${generation.id} takes more than a day`,
        async pass(database) {
          await database.query(
            "update public.okr_generation_log set created_at = created_at - interval '2 days' where id = $1",
            [generation.id],
          );
          generation.old = true;
        },
      }),
    ),
    ...sessions.map(
      (session): Passing => ({
        title: `session ${session.id} is left alone for a day and an hour`,
        async pass(database) {
          const tables = ["exec_quality_checkpoints", "exec_handoff_preparations"];
          for (const [table, key] of [
            ["exec_implementation_sessions", "id"],
            ...tables.map((t) => [t, "session_id"]),
          ]) {
            await database.query(
              `update public.${table} set updated_at = updated_at - interval '25 hours' where ${key} = $1`,
              [session.id],
            );
          }
          session.silent = true;
        },
      }),
    ),
  ];
}
