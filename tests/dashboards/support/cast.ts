import { createDirective } from "../../functions/support/directives.ts";
import type { TestDatabase } from "../../support/database.ts";
import { callEvent, type EventAnswer, type Row } from "../../transitions/call-event.ts";

/** Calls an event function and returns the entity that its answer carries under `member`. */
async function entity(database: TestDatabase, name: string, member: string, call: Parameters<typeof callEvent>[2]) {
  const answer: EventAnswer = await callEvent(database, name, call);
  const found = answer[member];
  if (!found) throw new Error(`leo.${name} was refused: ${JSON.stringify(answer.refusal)}`);
  return found as Row & { id: string };
}

/** The events of one database, as its edge functions call them, for tests that need what comes of them. */
export function eventsOf(database: TestDatabase) {
  const moved = (event: string, actor?: string) => ({ event, ...(actor ? { actor } : {}) });
  return {
    /** A session of a directive of its own, with these gates. */
    async start(gates: string[], request: object = {}) {
      const sdId = await createDirective(database);
      const session = await entity(database, "start_exec_session", "session", {
        request: { sd_id: sdId, implementation_type: "API_ENDPOINT", quality_gates: gates, ...request },
      });
      return { sdId, id: session.id };
    },
    session: (event: string, id: string, request: object = {}) =>
      event === "complete"
        ? entity(database, "complete_exec_session", "session", { id, request })
        : entity(database, "move_exec_session", "session", { id, request, context: moved(event) }),
    progress: (id: string, request: object) => entity(database, "update_exec_session", "session", { id, request }),
    async checkpoint(event: string, sessionId: string, name: string, request: object = {}) {
      const [gate] = await database.query<{ id: string }>(
        "select id from public.exec_quality_checkpoints where session_id = $1 and checkpoint_name = $2",
        [sessionId, name],
      );
      return entity(database, "move_quality_checkpoint", "checkpoint", {
        id: gate?.id,
        request,
        context: moved(event),
      });
    },
    prepare: (sessionId: string) =>
      entity(database, "prepare_handoff", "handoff", {
        request: { session_id: sessionId, implementation_summary: "Done.", deliverables_manifest: ["a report"] },
      }),
    handoff: (event: string, id: string, actor?: string, request: object = {}) =>
      entity(database, "move_handoff", "handoff", { id, request, context: moved(event, actor) }),
    /** Queues a run of a scope and returns its run_id. */
    async request(scope: object): Promise<string> {
      const run = await entity(database, "request_telemetry_run", "run", { request: { force: true, ...scope } });
      return run.run_id as string;
    },
    claim: (limit = 1) => callEvent(database, "claim_telemetry_runs", { request: { worker: "w", limit } }),
    run: (event: string, runId: string, request: object = {}) =>
      entity(database, "move_telemetry_run", "run", { id: runId, request, context: moved(event) }),
    startGeneration: (request: object) => entity(database, "start_okr_generation", "generation", { request }),
    generation: (event: string, id: string, request: object) =>
      entity(database, "move_okr_generation", "generation", { id, request, context: moved(event) }),
  };
}

export type Events = ReturnType<typeof eventsOf>;

/** A signed-in user without a company: what this project shows to everybody who is signed in. */
export const somebody = "somebody@nowhere.example";
