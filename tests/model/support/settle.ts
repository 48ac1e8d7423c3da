/** After a walk: rows and history are what the model says. */

import { differences } from "./differences.ts";
import { historyLine, type Walk } from "./walk.ts";
import { type Moved, sessionsOf, type World } from "./world.ts";

/** Every status that the model knows, by id. */
function statusesOf(world: World): Record<string, string> {
  const sessions = sessionsOf(world);
  return Object.fromEntries([
    ...sessions.map(({ id, status }) => [id, status]),
    ...sessions.flatMap(({ gates }) => gates.map(({ id, complete }) => [id, complete ? "complete" : "incomplete"])),
    ...sessions.flatMap(({ handoffs }) => handoffs.map(({ id, status }) => [id, status])),
    ...world.runs.map(({ id, status }) => [id, status]),
    ...world.generations.map(({ id, status }) => [id, status]),
  ]);
}

/** An SD is on with its verification while its session is completed. */
const phasesOf = (world: World) =>
  Object.fromEntries(
    world.directives.map(({ id, session }) => [
      id,
      session?.status === "completed" ? "PLAN_VERIFY" : "EXEC_IMPLEMENTATION",
    ]),
  );

/** @throws Error where database and model differ */
export async function settle({ product: { database }, world, history }: Walk): Promise<void> {
  const found = await database.query<Moved & { requestId: string; actor: string }>(
    `select machine, entity_id as id, event, from_status as from, to_status as to, actor, request_id as "requestId"
     from public.state_transitions where request_id like $1 || ':%' order by id`,
    [world.id],
  );
  const lines = found.map((row) => historyLine(row.requestId, row, row.actor));
  const missing = history.filter((line) => !lines.includes(line));
  const surplus = lines.filter((line) => !history.includes(line));
  if (missing.length + surplus.length > 0 || lines.length !== history.length) {
    throw new Error(
      `The history lacks\n  ${missing.join("\n  ")}\nand has beyond the model\n  ${surplus.join("\n  ")}`,
    );
  }

  const rows = await database.query<{ id: string; status: string }>(
    `select id, status from public.exec_implementation_sessions where sd_id = any ($1)
     union all
     select id, case when is_complete then 'complete' else 'incomplete' end
     from public.exec_quality_checkpoints where sd_id = any ($1)
     union all
     select id, handoff_status from public.exec_handoff_preparations where sd_id = any ($1)
     union all
     select run_id, status from public.telemetry_analysis_runs where scope_id = any ($2)
     union all
     select id, status from public.okr_generation_log where period = any ($3)
     union all
     select metric_id, 'metric' from public.orchestration_metrics where metric_id = any ($4)`,
    [
      world.directives.map(({ id }) => id),
      world.scopes.map(({ id }) => id),
      world.generations.map(({ period }) => period),
      world.metricIds,
    ],
  );
  const actual = Object.fromEntries(rows.map(({ id, status }) => [id, status]));
  const expected = {
    ...statusesOf(world),
    ...Object.fromEntries([...world.metrics].map((id) => [id, "metric"])),
  };
  const unlike = [...differences(actual, expected, "row"), ...differences(expected, actual, "model")];
  if (unlike.length > 0) throw new Error(`Rows are not as the model has them:\n  ${unlike.join("\n  ")}`);

  const phases = await database.query<{ id: string; phase: string }>(
    "select id, current_phase as phase from public.strategic_directives_v2 where id = any ($1)",
    [world.directives.map(({ id }) => id)],
  );
  const [phase] = differences(Object.fromEntries(phases.map(({ id, phase }) => [id, phase])), phasesOf(world), "phase");
  if (phase) throw new Error(phase);
}
