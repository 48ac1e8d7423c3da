import { randomUUID } from "node:crypto";
import type pg from "pg";
import { type Machine, stateMachines } from "../../types/state-machines.ts";
import { createDirective } from "../functions/support/directives.ts";
import type { TestDatabase } from "../support/database.ts";
import { context } from "./events.ts";

/** How a test makes and moves the rows of a state machine by plain SQL, as every client could. */
interface Rows {
  table: string;
  /** The column by which the history knows a row. */
  key: string;
  /** The status of row `r` as an expression. */
  status: string;
  /** Sets the status to $2, as the list after `set`. */
  set: string;
  /** Inserts a row in a status and returns its key. */
  insert(database: TestDatabase, status: string | null): Promise<string>;
}

async function insertedKey(database: TestDatabase, sql: string, params: unknown[]): Promise<string> {
  const [row] = await database.query<{ key: string }>(sql, params);
  if (!row) throw new Error("no row was inserted");
  return row.key;
}

/** A session of a directive of its own whose checkpoints are complete, so that every move is open to it. */
async function insertSession(database: TestDatabase, status: string | null): Promise<string> {
  const id = await insertedKey(
    database,
    `insert into public.exec_implementation_sessions (sd_id, implementation_type, status)
     values ($1, 'GENERAL_FEATURE', $2) returning id as key`,
    [await createDirective(database), status],
  );
  await database.query("update public.exec_quality_checkpoints set is_complete = true where session_id = $1", [id]);
  return id;
}

export const rows: Record<Machine, Rows> = {
  exec_session: {
    table: "exec_implementation_sessions",
    key: "id",
    status: "r.status",
    set: "status = $2",
    insert: insertSession,
  },
  quality_checkpoint: {
    table: "exec_quality_checkpoints",
    key: "id",
    status: "case when r.is_complete then 'complete' else 'incomplete' end",
    set: "is_complete = $2 = 'complete'",
    async insert(database, status) {
      return insertedKey(
        database,
        `insert into public.exec_quality_checkpoints
           (session_id, sd_id, checkpoint_name, checkpoint_type, is_complete)
         select id, sd_id, 'late', 'SECURITY', $2 = 'complete' from public.exec_implementation_sessions where id = $1
         returning id as key`,
        [await insertSession(database, "active"), status],
      );
    },
  },
  handoff: {
    table: "exec_handoff_preparations",
    key: "id",
    status: "r.handoff_status",
    set: "handoff_status = $2",
    async insert(database, status) {
      return insertedKey(
        database,
        `insert into public.exec_handoff_preparations (session_id, sd_id, implementation_summary, handoff_status)
         select id, sd_id, 'Done.', $2 from public.exec_implementation_sessions where id = $1 returning id as key`,
        [await insertSession(database, "completed"), status],
      );
    },
  },
  telemetry_run: {
    table: "telemetry_analysis_runs",
    key: "run_id",
    status: "r.status",
    set: "status = $2",
    insert: (database, status) =>
      insertedKey(
        database,
        `insert into public.telemetry_analysis_runs (run_id, scope_id, status)
         values (gen_random_uuid(), $1, $2) returning run_id as key`,
        [randomUUID(), status],
      ),
  },
  okr_generation: {
    table: "okr_generation_log",
    key: "id",
    status: "r.status",
    set: "status = $2",
    insert: (database, status) =>
      insertedKey(
        database,
        `insert into public.okr_generation_log (generation_date, period, status)
         values ('2026-03-01', '2026-03', $1) returning id as key`,
        [status],
      ),
  },
};

export const machines = Object.keys(stateMachines) as Machine[];

/** Sets the status of a row by a plain update of its table. */
export const setStatus = (machine: Machine) =>
  `update public.${rows[machine].table} r set ${rows[machine].set} where r.${rows[machine].key} = $1`;

export async function statusOf(database: TestDatabase, machine: Machine, key: string): Promise<string | undefined> {
  const [row] = await database.query<{ status: string }>(
    `select ${rows[machine].status} as status from public.${rows[machine].table} r where r.${rows[machine].key} = $1`,
    [key],
  );
  return row?.status;
}

/** What the history keeps of a move, besides the row and the time. */
export interface Transition {
  machine: Machine;
  event: string;
  from_status: string | null;
  to_status: string | null;
  actor: string;
  reason: string | null;
  request_id: string | null;
  sd_id: string | null;
}

/** The history of a row, oldest first. */
export const historyOf = (database: TestDatabase, key: string): Promise<Transition[]> =>
  database.query<Transition>(
    `select machine, event, from_status, to_status, actor, reason, request_id, sd_id
     from public.state_transitions where entity_id = $1 order by id`,
    [key],
  );

/** What the event functions of sessions, checkpoints and hand-offs answer. */
export interface MoveAnswer {
  session?: Record<string, unknown>;
  attempt?: number;
  checkpoint?: Record<string, unknown>;
  handoff?: Record<string, unknown>;
  from?: string;
  refusal?: { code: string; [field: string]: unknown };
}

type Connection = TestDatabase | pg.ClientBase;

/** The answer of an event function, called by a statement that names it `answer`. */
export async function answer(connection: Connection, sql: string, params: unknown[]): Promise<MoveAnswer> {
  const answered: { answer: MoveAnswer }[] =
    "drop" in connection ? await connection.query(sql, params) : (await connection.query(sql, params)).rows;
  const [row] = answered;
  if (!row) throw new Error("the event function returned nothing");
  return row.answer;
}

/** Calls `leo.<name>(id, request, context)` for an event. */
export function call(
  connection: Connection,
  name: string,
  id: string,
  request: object,
  event: string,
  actor = context.actor,
): Promise<MoveAnswer> {
  const given = { ...context, event, actor };
  return answer(connection, `select leo.${name}($1, $2, $3) as answer`, [id, request, given]);
}

/** Calls one of the events `pause`, `resume`, `fail`, `cancel`, `retry` and `reopen`. */
export function moveSession(connection: Connection, event: string, id: string, request: object = {}) {
  return call(connection, "move_exec_session", id, request, event);
}
