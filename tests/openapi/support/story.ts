/** Puts what an example needs into the database: by the examples of other operations, as a caller would. */

import { exampleOf, exampleRows, references } from "../../../local/openapi/examples.ts";
import { type Operation, operations } from "../../../types/contracts/operations.ts";
import type { Machine } from "../../../types/state-machines.ts";
import { createDirective } from "../../functions/support/directives.ts";
import type { Api } from "../../machines/support/api.ts";
import { uuid } from "./recorded.ts";

type Row = Record<string, string>;

/** An answer of any operation, as far as a story goes on from it. */
interface Answer {
  session: Row;
  checkpoints: Row[];
  handoff: Row;
  run: Row;
  generation: Row;
}

export class Story {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /**
   * Makes the row that the example of an operation is about, and all that goes before.
   *
   * @returns its id, where the example is about a row that is there before
   */
  async rowFor({ name, path, machine }: Operation): Promise<string | undefined> {
    const { after } = exampleOf(name);
    const { database } = this.#api.stack;
    // A scope has one active run, and a month one generation: each example begins without.
    if (machine === "telemetry_run") await database.query("delete from public.telemetry_analysis_runs");
    if (machine === "okr_generation") await database.query("delete from public.okr_generation_log");
    if (machine === undefined || !(path.includes(":") || after)) return undefined;
    const id = await this.#make(machine);
    for (const earlier of after ?? []) await this.#move(earlier, id);
    await this.#prepare(name, id);
    return id;
  }

  /** The id of a new session. */
  async startedSession(): Promise<string> {
    return (await this.#startSession()).session.id as string;
  }

  async #make(machine: Machine): Promise<string> {
    switch (machine) {
      case "exec_session":
        return this.startedSession();
      case "quality_checkpoint":
        return (await this.#startSession()).checkpoints[0]?.id as string;
      case "handoff":
        return this.#handOver(await this.startedSession());
      case "telemetry_run":
        return (await this.#send("telemetry.request")).run.run_id as string;
      case "okr_generation":
        return (await this.#send("okrGenerations.start")).generation.id as string;
    }
  }

  async #startSession(): Promise<Answer> {
    return this.#send("sessions.start", "", { sd_id: await createDirective(this.#api.stack.database) });
  }

  async #handOver(session_id: string): Promise<string> {
    return (await this.#send("handoffs.prepare", "", { session_id })).handoff.id as string;
  }

  async #move(name: string, id: string): Promise<void> {
    await this.#prepare(name, id);
    await this.#send(name, id);
  }

  /** What an operation asks for besides the state of its row. */
  async #prepare(name: string, id: string): Promise<void> {
    const { row, stack } = this.#api;
    if (name === "sessions.complete") {
      const checkpoints = await stack.database.query<{ id: string }>(
        "select id from public.exec_quality_checkpoints where session_id = $1 order by checkpoint_name",
        [id],
      );
      for (const checkpoint of checkpoints) await this.#send("checkpoints.complete", checkpoint.id);
    }
    if (name === "handoffs.send") {
      await this.#move("sessions.complete", (await row("exec_handoff_preparations", id)).session_id as string);
    }
    if (name === "sessions.reopen") {
      const handoff = await this.#handOver(id);
      for (const event of ["ready", "send", "reject"]) await this.#send(`handoffs.${event}`, handoff);
    }
    if (name === "telemetry.succeed") {
      // The one that is claimed next.
      await this.#send("telemetry.request", "", { scope_type: "global", scope_id: undefined });
    }
    if (name === "telemetry.sweep") {
      await stack.database.query(
        `update public.telemetry_analysis_runs
         set metadata = metadata || jsonb_build_object('deadline_at', now() - interval '1 minute') where run_id = $1`,
        [id],
      );
    }
  }

  /** The example of an operation, on another row, or with another body; as often as it is needed. */
  async #send(name: string, id = "", body: Record<string, unknown> = {}): Promise<Answer> {
    const operation = operations.find((one) => one.name === name) as Operation;
    const example = exampleOf(name);
    const path = `${operation.function}${operation.path === "/" ? "" : operation.path.replace(/:\w+/, id)}`;
    const { "idempotency-key": _once, ...headers } = example.headers ?? {};
    const response = await this.#api.post(path, { ...example.body, ...body }, { headers });
    const text = await response.text();
    if (!response.ok) throw new Error(`${name}: ${response.status} ${text}`);
    return JSON.parse(text) as Answer;
  }
}

/** The ids that are shown in the place of those of a row and of what it belongs to. */
export function shownIds({ name }: Operation, answer: Record<string, unknown>): Record<string, string> {
  const sent = JSON.stringify(exampleOf(name).body ?? {}).match(uuid) ?? [];
  const ids = Object.fromEntries([...Object.values(references), ...sent].map((id) => [id, id]));
  const show = (machine: Machine, id: string | undefined) => {
    if (id !== undefined) ids[id] = exampleRows[machine].id;
  };
  const { session, checkpoint, handoff, run, runs, generation } = answer as Partial<Record<string, Row>>;
  show("exec_session", session?.id ?? checkpoint?.session_id ?? handoff?.session_id);
  show("quality_checkpoint", checkpoint?.id);
  show("handoff", handoff?.id);
  show("telemetry_run", run?.run_id ?? (runs as unknown as Row[] | undefined)?.[0]?.run_id);
  show("okr_generation", generation?.id);
  return ids;
}
