/** What the model believes to be in the database: small, in memory, and right only if the product keeps its rules. */

import { randomUUID } from "node:crypto";
import type {
  ExecSessionStatus,
  HandoffStatus,
  Machine,
  OkrGenerationStatus,
  TelemetryRunStatus,
} from "../../../types/state-machines.ts";
import type { Database } from "./database.ts";

export interface Gate {
  id: string;
  name: string;
  complete: boolean;
  required: boolean;
  score: number;
}

export interface Handoff {
  id: string;
  status: HandoffStatus;
  /** Whether it has the summary and the deliverable that `ready` asks for. */
  contents: boolean;
  /** Who sent it, since it was sent. */
  sender?: string;
}

export interface Session {
  id: string;
  status: ExecSessionStatus;
  attempt: number;
  gates: Gate[];
  /** The oldest first. */
  handoffs: Handoff[];
  /** Whether nobody has worked on it for more than a day. */
  silent: boolean;
}

export interface Directive {
  id: string;
  session?: Session;
}

export interface Scope {
  id: string;
  /** Whether an analysis knows whose metrics it stands for. */
  known: boolean;
}

export interface Run {
  id: string;
  scope: Scope;
  status: TelemetryRunStatus;
  /** RUNNING, and past its deadline. */
  overdue: boolean;
  /** Among those that have ended: which came first. */
  ended?: number;
}

export interface Generation {
  id: string;
  period: string;
  status: OkrGenerationStatus;
  /** Begun more than a day ago. */
  old: boolean;
}

/** A row that the history has to have. */
export interface Moved {
  machine: Machine;
  id: string;
  event: string;
  from: string | null;
  to: string;
  /** Where it is not the one who asked. */
  actor?: string;
}

export interface World {
  /** Begins the ids of all requests made in it. */
  id: string;
  /** An id that no row has. */
  ghost: string;
  directives: Directive[];
  scopes: Scope[];
  /** In the order of their being requested. */
  runs: Run[];
  periods: string[];
  generations: Generation[];
  /** Ids that metrics may have, and those that are there. */
  metricIds: string[];
  metrics: Set<string>;
  /** Counts the ends of runs. */
  ends: number;
}

/** Sessions of the world with their directives. */
export const sessionsOf = (world: World) =>
  world.directives.flatMap(({ session }) => (session === undefined ? [] : [session]));

/** Worlds of this process: each has periods of its own. */
let worlds = 0;

/** A new world beside those that are there already; what they left to be claimed or swept is put away. */
export async function newWorld(database: Database): Promise<World> {
  const id = randomUUID().slice(0, 18);
  await database.query(
    `select leo.move_telemetry_run(run.run_id, '{}', '{"event": "cancel", "actor": "end of a world"}')
     from public.telemetry_analysis_runs run where run.status in ('QUEUED', 'RUNNING')`,
  );
  await database.query("select leo.sweep('{}', '{}')");
  const directives = [0, 1, 2].map((index) => ({ id: `SD-${id}-${index}` }));
  await database.query(
    `insert into public.strategic_directives_v2
       (id, title, status, category, priority, description, rationale, scope, sequence_rank, sd_key, current_phase)
     select id, 'A directive', 'active', 'infrastructure', 'high', '-', '-', '-', 1, id, 'EXEC_IMPLEMENTATION'
     from unnest($1::text[]) id`,
    [directives.map((directive) => directive.id)],
  );
  const [company] = await database.query<{ id: string }>(
    "insert into public.companies (name) values ('A company') returning id",
  );
  worlds += 1;
  const year = String(1000 + (worlds % 9000));
  return {
    id,
    ghost: randomUUID(),
    directives,
    scopes: [
      { id: company?.id ?? "", known: true },
      { id: `nobody's ${id}`, known: false },
    ],
    runs: [],
    periods: [`${year}-01`, `${year}-12`],
    generations: [],
    metricIds: [0, 1, 2].map(() => randomUUID()),
    metrics: new Set(),
    ends: 0,
  };
}
