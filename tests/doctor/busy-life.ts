import { randomUUID } from "node:crypto";
import { createDirective } from "../functions/support/directives.ts";
import type { TestDatabase } from "../support/database.ts";
import { silence } from "../sweep/support.ts";
import { callEvent, type EventAnswer } from "../transitions/call-event.ts";

/** Calls an event function as an agent, and insists on its being done. */
async function done(
  database: TestDatabase,
  name: string,
  event: string,
  id: unknown,
  request: object = {},
  actor = "a",
) {
  const answer = await callEvent(database, name, { id, request, context: { event, actor } });
  if (answer.refusal) throw new Error(`${name} ${event}: ${JSON.stringify(answer.refusal)}`);
  return answer as EventAnswer & { [member: string]: { id: string; run_id: string; [column: string]: unknown } };
}

async function passGates(database: TestDatabase, sessionId: string): Promise<void> {
  const gates = await database.query<{ id: string }>(
    "select id from public.exec_quality_checkpoints where session_id = $1 and not is_complete order by checkpoint_name",
    [sessionId],
  );
  const [optional, ...required] = gates;
  await done(database, "move_quality_checkpoint", "waive", optional?.id, { reason: "not here" });
  for (const { id } of required) await done(database, "move_quality_checkpoint", "complete", id, { score: 90 });
}

/** A session from its start, through most of what can happen to one, to an accepted hand-off. */
async function session(database: TestDatabase): Promise<void> {
  const move = (event: string, id: unknown, reason = "so it is") =>
    done(database, "move_exec_session", event, id, { reason });
  const { session } = await done(database, "start_exec_session", "start", undefined, {
    sd_id: await createDirective(database),
    implementation_type: "API_ENDPOINT",
  });
  const id = session?.id as string;
  for (const event of ["pause", "resume", "fail", "retry", "cancel", "retry"]) await move(event, id);
  await silence(database, id);
  await callEvent(database, "sweep");
  await move("resume", id);
  await passGates(database, id);
  await done(database, "complete_exec_session", "complete", id);

  const contents = { session_id: id, implementation_summary: "Done.", deliverables_manifest: ["all of it"] };
  const { handoff } = await done(database, "prepare_handoff", "prepare", undefined, contents);
  const answer = (event: string, actor = "a") =>
    done(database, "move_handoff", event, handoff?.id, { reason: "look again" }, actor);
  for (const event of ["ready", "revise", "ready", "send"]) await answer(event);
  await answer("reject", "b");
  await move("reopen", id);
  await done(database, "complete_exec_session", "complete", id);
  for (const event of ["revise", "ready", "send"]) await answer(event);
  await answer("accept", "b");
}

async function runs(database: TestDatabase): Promise<void> {
  for (const event of ["succeed", "fail", "cancel", "sweep", "none"]) {
    const scope_id = randomUUID();
    const { run } = await done(database, "request_telemetry_run", "request", undefined, { scope_id });
    await callEvent(database, "claim_telemetry_runs", {
      request: { worker: "w", limit: 10 },
      context: { event: "claim" },
    });
    const move = (name: string, request: object = {}) =>
      done(database, "move_telemetry_run", name, run?.run_id, request);
    await move("heartbeat");
    if (event === "succeed") await move(event, { output_ref: { rows_scanned: 1 } });
    if (event === "fail") await move(event, { error_message: "no" });
    if (event === "cancel") await move(event, { reason: "no" });
    if (event === "sweep") {
      await database.query(
        `update public.telemetry_analysis_runs set metadata = metadata || '{"deadline_at": "2026-01-01T00:00:00Z"}'
         where run_id = $1`,
        [run?.run_id],
      );
      await callEvent(database, "sweep");
    }
  }
  const { run } = await done(database, "request_telemetry_run", "request", undefined, { scope_id: randomUUID() });
  await done(database, "move_telemetry_run", "fail_enqueue", run?.run_id, { error_class: "QueueDown" });
}

async function generations(database: TestDatabase): Promise<void> {
  const start = (period: string) => done(database, "start_okr_generation", "start", undefined, { period });
  const counts = [
    [1, 2],
    [0, 0],
    [7, 0],
    [333, 667],
  ];
  for (const [index, [top_down_count, bottom_up_count]] of counts.entries()) {
    const period = `1999-0${index + 1}`;
    const { generation: failed } = await start(period);
    await done(database, "move_okr_generation", "fail", failed?.id, { error_message: "no answer" });
    const { generation } = await start(period);
    await done(database, "move_okr_generation", "complete", generation?.id, { top_down_count, bottom_up_count });
  }
  const { generation } = await start("1999-12");
  await database.query("update public.okr_generation_log set created_at = now() - interval '2 days' where id = $1", [
    generation?.id,
  ]);
  await callEvent(database, "sweep");
}

/**
 * Everything that the event functions can do to the five state machines, and some metrics of a company and of none.
 *
 * @param withGenerations leaves them out where several live at the same time: a period has one
 */
export async function liveThrough(database: TestDatabase, company_id: string, withGenerations = true): Promise<void> {
  for (const _ of [1, 2, 3]) await session(database);
  await runs(database);
  if (withGenerations) await generations(database);
  const metrics = [
    { company_id, error_rate: 0, action_count: 5, success_count: 5 },
    { company_id, error_rate: 1, agent_utilization: 100, recorded_at: new Date(Date.now() + 20 * 3_600_000) },
    { error_rate: 0.5 },
    { company_id, error_rate: 2 },
  ];
  const answer = await callEvent(database, "record_metrics", { request: { metrics } });
  if (answer.accepted !== 3) throw new Error(JSON.stringify(answer));
}
