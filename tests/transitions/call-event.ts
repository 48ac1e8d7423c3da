import type pg from "pg";
import type { TestDatabase } from "../support/database.ts";

/** Who a test says it is, unless it says otherwise. */
export const caller = { actor: "secret:test/agent-1", request_id: "request-1" };

type Connection = TestDatabase | pg.ClientBase;

/** What the event functions answer: a member for each, or a refusal with its code and fields. */
export interface EventAnswer {
  run?: Row;
  runs?: Row[];
  next?: Row | null;
  generation?: Row;
  decision?: string;
  from?: string;
  refusal?: { code: string; [field: string]: unknown };
  [member: string]: unknown;
}

/** A row as an answer carries it. */
export type Row = Record<string, unknown>;

export interface EventCall {
  /** Of the entity, where the function takes one. */
  id?: unknown;
  request?: object;
  /** Over `caller`, with the event among it where the function serves several. */
  context?: object;
}

/** Runs a statement on a connection and returns its rows. */
export async function rowsFrom<T>(connection: Connection, sql: string, params: unknown[]): Promise<T[]> {
  return "drop" in connection ? connection.query<T>(sql, params) : (await connection.query(sql, params)).rows;
}

/** Calls `leo.<name>(request, context)`, or with an id in front. */
export async function callEvent(connection: Connection, name: string, call: EventCall = {}): Promise<EventAnswer> {
  const { id, request = {}, context } = call;
  const params = [...(id === undefined ? [] : [id]), request, { ...caller, ...context }];
  const places = params.map((_, index) => `$${index + 1}`).join(", ");
  const [row] = await rowsFrom<{ answer: EventAnswer }>(connection, `select leo.${name}(${places}) as answer`, params);
  if (!row) throw new Error(`leo.${name} returned nothing`);
  return row.answer;
}

/** The history of one entity, in order. */
export async function historyOf(database: TestDatabase, entityId: unknown): Promise<Row[]> {
  return database.query(
    `select event, from_status, to_status, actor, reason, request_id
     from public.state_transitions where entity_id = $1 order by id`,
    [entityId],
  );
}
