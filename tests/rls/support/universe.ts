import { randomUUID } from "node:crypto";
import type { SupabaseClient } from "@supabase/supabase-js";
import pg from "pg";
import { expect } from "vitest";
import type { TestDatabase } from "../../support/database.ts";
import { apply, type Ids, type ModelRow, type Operation, type Outcome, sees, size, type World } from "./model.ts";

/** Runs SQL as the owner, who sees everything. */
type Query = (text: string, params?: unknown[]) => Promise<Record<string, unknown>[]>;

/** A row by its columns. */
interface Columns {
  metric_id?: string;
  company_id?: string | null;
  venture_id?: string | null;
  session_id?: string | null;
  api_calls_made?: number;
}

/** What worlds are made of in a database: ids for the numbers of the model. */
export interface Universe {
  users: string[];
  companies: string[];
  ventures: string[];
  sessions: string[];
  metrics: string[];
}

/** Companies with a venture and a session each, a venture of nobody, and ids for metrics. */
export async function createUniverse(database: TestDatabase, users: string[]): Promise<Universe> {
  const list = (length: number) => Array.from({ length }, () => randomUUID() as string);
  const universe = {
    users,
    companies: list(size.companies),
    ventures: list(size.companies + 1),
    sessions: list(size.companies),
    metrics: list(8),
  };
  for (const [i, company] of [...universe.companies, null].entries()) {
    if (company) await database.query("insert into public.companies (id, name) values ($1, $2)", [company, `C${i}`]);
    await database.query(
      "insert into public.ventures (id, name, problem_statement, company_id) values ($1, 'v', 'p', $2)",
      [universe.ventures[i], company],
    );
    if (!company) continue;
    await database.query(
      `insert into public.eva_orchestration_sessions (session_id, company_id, session_type, created_by)
       values ($1, $2, 'venture_workflow', gen_random_uuid())`,
      [universe.sessions[i], company],
    );
  }
  return universe;
}

function columnsOf(universe: Universe, row: Partial<ModelRow>, id?: number): Columns {
  const of = (list: string[], number: number | null) => (number === null ? null : (list[number] ?? null));
  return {
    ...(id === undefined ? {} : { metric_id: universe.metrics[id] }),
    ...(row.company === undefined ? {} : { company_id: of(universe.companies, row.company) }),
    ...(row.venture === undefined ? {} : { venture_id: of(universe.ventures, row.venture) }),
    ...(row.session === undefined ? {} : { session_id: of(universe.sessions, row.session) }),
    ...(row.calls === undefined ? {} : { api_calls_made: row.calls }),
  };
}

/** Makes the database look like the world, and nothing else. */
async function build(query: Query, universe: Universe, world: World): Promise<void> {
  await query("delete from public.orchestration_metrics");
  await query("delete from public.user_company_access");
  const memberships = world.memberships.flatMap((companies, user) =>
    companies.flatMap((is_active, company) =>
      is_active === undefined
        ? []
        : [{ id: randomUUID(), user_id: universe.users[user], company_id: universe.companies[company], is_active }],
    ),
  );
  await query(
    `insert into public.user_company_access (id, user_id, company_id, is_active)
     select id, user_id, company_id, is_active
     from jsonb_populate_recordset(null::public.user_company_access, $1)`,
    [JSON.stringify(memberships)],
  );
  const rows = world.rows.flatMap((row, id) => (row ? [columnsOf(universe, row, id)] : []));
  await query(
    `insert into public.orchestration_metrics (metric_id, company_id, venture_id, session_id, api_calls_made)
     select metric_id, company_id, venture_id, session_id, api_calls_made
     from jsonb_populate_recordset(null::public.orchestration_metrics, $1)`,
    [JSON.stringify(rows)],
  );
}

const columns = "metric_id, company_id, venture_id, session_id, api_calls_made";
const byId = (rows: Columns[]) => [...rows].sort((a, b) => (`${a.metric_id}` < `${b.metric_id}` ? -1 : 1));

/** A user at work: what an operation leads to, and what he sees. */
export interface Actor {
  attempt(user: number, operation: Operation): Promise<Outcome>;
  look(user: number): Promise<Columns[]>;
}

/**
 * Lets users try things in a world, and asserts after each that the outcome, every row, and what each of them sees
 * is what the model says. Counts the outcomes.
 */
export async function compare(
  universe: Universe,
  query: Query,
  actor: Actor,
  world: World,
  attempts: { user: number; operation: Operation }[],
  outcomes: Map<string, number>,
): Promise<void> {
  await build(query, universe, world);
  const expectedRows = (visible: (row: ModelRow) => boolean) =>
    byId(world.rows.flatMap((row, id) => (row && visible(row) ? [columnsOf(universe, row, id)] : [])));
  for (const { user, operation } of attempts) {
    const expected = apply(world, user, operation);
    expect(await actor.attempt(user, operation)).toEqual(expected);
    for (const outcome of [expected].flat()) {
      const name = `${operation.verb} ${outcome}`;
      outcomes.set(name, (outcomes.get(name) ?? 0) + 1);
    }
    const stored = await query(`select ${columns} from public.orchestration_metrics`);
    expect(byId(stored)).toEqual(expectedRows(() => true));
    expect(byId(await actor.look(user))).toEqual(expectedRows((row) => sees(world, user, row)));
  }
}

/** What a failure says, and nothing but rights or a taken id may be what it is about. */
function outcomeOf(code: string | undefined): Outcome {
  if (code === undefined) return "done";
  if (code === "42501") return "refused";
  if (code === "23505") return "taken";
  throw new Error(`an operation ended with ${code}`);
}

/** Users over HTTP, through supabase-js. */
export function overHttp(universe: Universe, clients: SupabaseClient[]): Actor {
  const metrics = (user: number) => (clients[user] as SupabaseClient).from("orchestration_metrics");
  const idsOf = (numbers: number[]) => numbers.map((number) => universe.metrics[number]);

  async function answer(user: number, operation: Operation): Promise<{ error: { code: string } | null }> {
    switch (operation.verb) {
      case "insert":
        return metrics(user).insert(columnsOf(universe, operation.row, operation.id));
      case "upsert": {
        const { ignoreDuplicates } = operation;
        return metrics(user).upsert(columnsOf(universe, operation.row, operation.id), { ignoreDuplicates });
      }
      case "update": {
        const update = metrics(user).update(columnsOf(universe, operation.change));
        return operation.ids === "all" ? update : update.in("metric_id", idsOf(operation.ids));
      }
      case "delete": {
        const erase = metrics(user).delete();
        return operation.ids === "all" ? erase : erase.in("metric_id", idsOf(operation.ids));
      }
      case "select":
        return metrics(user).select();
      case "record":
        throw new Error("the edge function is not served here");
    }
  }

  return {
    attempt: async (user, operation) => outcomeOf((await answer(user, operation)).error?.code),
    async look(user) {
      const { data, error } = await metrics(user).select(columns);
      if (error) throw error;
      return data;
    },
  };
}

/** Users as roles of one transaction, which is what the Data API makes of them; faster by far. */
export function inTransaction(universe: Universe, client: pg.Client): Actor {
  async function as<T>(user: number, work: () => Promise<T>): Promise<T> {
    const claims = JSON.stringify({ sub: universe.users[user], role: "authenticated" });
    await client.query("savepoint attempt");
    try {
      await client.query("set local role authenticated");
      await client.query("select set_config('request.jwt.claims', $1, true)", [claims]);
      const result = await work();
      await client.query("reset role");
      return result;
    } catch (error) {
      await client.query("rollback to attempt");
      throw error;
    } finally {
      await client.query("release attempt");
    }
  }

  const condition = (chosen: Ids) =>
    chosen === "all" ? "" : `where metric_id in (${chosen.map((id) => `'${universe.metrics[id]}'`).join(", ")})`;

  async function run(operation: Exclude<Operation, { verb: "record" }>): Promise<void> {
    if (operation.verb === "select") {
      await client.query("select * from public.orchestration_metrics");
    } else if (operation.verb === "delete") {
      await client.query(`delete from public.orchestration_metrics ${condition(operation.ids)}`);
    } else if (operation.verb === "update") {
      const changed = Object.entries(columnsOf(universe, operation.change));
      const set = changed.map(([column], i) => `${column} = $${i + 1}`).join(", ");
      await client.query(
        `update public.orchestration_metrics set ${set} ${condition(operation.ids)}`,
        changed.map(([, value]) => value),
      );
    } else {
      const conflict =
        operation.verb === "insert"
          ? ""
          : operation.ignoreDuplicates
            ? "on conflict (metric_id) do nothing"
            : `on conflict (metric_id) do update set company_id = excluded.company_id,
                 venture_id = excluded.venture_id, session_id = excluded.session_id,
                 api_calls_made = excluded.api_calls_made`;
      await client.query(
        `insert into public.orchestration_metrics (${columns})
         values ($1, $2, $3, $4, $5) ${conflict}`,
        Object.values(columnsOf(universe, operation.row, operation.id)),
      );
    }
  }

  /** What the edge function calls, as the owner, with the claims of the user. */
  async function record(user: number, batch: { id: number; row: ModelRow }[]): Promise<Outcome> {
    const { rows } = await client.query("select leo.record_metrics($1, $2) as answer", [
      { metrics: batch.map(({ id, row }) => columnsOf(universe, row, id)) },
      {
        actor: `user:${universe.users[user]}`,
        event: "record",
        claims: { sub: universe.users[user], role: "authenticated" },
      },
    ]);
    return rows[0].answer.results.map((result: { outcome: string }) => result.outcome);
  }

  return {
    async attempt(user, operation) {
      if (operation.verb === "record") return record(user, operation.batch);
      try {
        await as(user, () => run(operation));
        return "done";
      } catch (error) {
        if (!(error instanceof pg.DatabaseError)) throw error;
        return outcomeOf(error.code ?? "no code");
      }
    },
    async look(user) {
      const { rows } = await as(user, () => client.query(`select ${columns} from public.orchestration_metrics`));
      return rows;
    },
  };
}
