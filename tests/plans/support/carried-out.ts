import pg from "pg";
import type { TestDatabase } from "../../support/database.ts";
import type { HotStatement } from "./hot-statement.ts";

/** What PostgreSQL did for a statement, the statements within functions and triggers included. */
export interface CarriedOut {
  /** How many statements were planned and run, beside the one that was sent. */
  statements: number;
  /** Pages that were looked at, in whatever table or index. */
  pages: number;
  indexes: string[];
  /** Tables that were read from one end to the other. */
  readWhole: string[];
}

interface PlanNode {
  "Node Type": string;
  "Relation Name"?: string;
  "Index Name"?: string;
  "Actual Loops": number;
  "Shared Hit Blocks": number;
  "Shared Read Blocks": number;
  Plans?: PlanNode[];
}

const nodesOf = (plan: PlanNode): PlanNode[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

function sumUp(plans: PlanNode[]): CarriedOut {
  // Logged when it ends, after everything within it, which its pages include.
  const whole = plans.at(-1);
  if (!whole) throw new Error("auto_explain has logged no plan");
  const nodes = plans.flatMap(nodesOf);
  const named = (of: PlanNode[], name: "Index Name" | "Relation Name") =>
    [...new Set(of.flatMap((node) => node[name] ?? []))].sort();
  return {
    statements: plans.length - 1,
    pages: whole["Shared Hit Blocks"] + whole["Shared Read Blocks"],
    indexes: named(
      nodes.filter((node) => node["Actual Loops"] > 0),
      "Index Name",
    ),
    readWhole: named(
      nodes.filter((node) => node["Node Type"] === "Seq Scan"),
      "Relation Name",
    ),
  };
}

// Triggers of a statement that is sent by itself run after it, and would be in no plan of theirs.
const within = "select pg_temp.run($1, $2)";
const makeWithin = `
  create function pg_temp.run(sql text, params jsonb) returns void language plpgsql as $$
  begin
    execute sql using params;
  end
  $$;
  grant execute on function pg_temp.run to authenticated;`;

/** A connection of `postgres`, as the edge functions have them, on which every plan comes as a notice. */
async function connect(database: TestDatabase): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.adminUrl });
  await client.connect();
  await client.query(`
    load 'auto_explain';
    set auto_explain.log_min_duration = 0;
    set auto_explain.log_nested_statements = on;
    set auto_explain.log_analyze = on;
    set auto_explain.log_buffers = on;
    set auto_explain.log_timing = off;
    set auto_explain.log_parameter_max_length = 0;
    set auto_explain.log_format = 'json';
    set auto_explain.log_level = 'notice';
    set session authorization postgres;
    ${makeWithin}`);
  return client;
}

/** Sends a statement in a transaction of its own, which is rolled back. */
async function send(client: pg.Client, statement: HotStatement, measured: boolean): Promise<CarriedOut | undefined> {
  const { sql, params = [], user, given = [], writes } = statement;
  const plans: PlanNode[] = [];
  const listen = ({ message }: { message?: string }) => {
    const plan = /^duration: .* plan:\n(.*)$/s.exec(message ?? "")?.[1];
    if (plan) plans.push(JSON.parse(plan).Plan);
  };
  await client.query("set client_min_messages = warning");
  await client.query("begin");
  try {
    for (const before of given) await client.query(before);
    if (user) {
      const claims = JSON.stringify({ sub: user, role: "authenticated" });
      await client.query("select set_config('request.jwt.claims', $1, true)", [claims]);
      await client.query("set local role authenticated");
    }
    if (measured) await client.query("set local client_min_messages = notice");
    client.on("notice", listen);
    const { rows } = writes
      ? await client.query(within, [sql, JSON.stringify(params[0] ?? null)])
      : await client.query({ name: "hot", text: sql, values: params });
    // A statement ends, and is logged, when the next one takes its place.
    await client.query("set local client_min_messages = warning");
    client.off("notice", listen);
    const refusal = rows[0]?.answer?.refusal;
    if (refusal) throw new Error(`refused: ${JSON.stringify(refusal)}`);
  } finally {
    client.off("notice", listen);
    await client.query("rollback");
  }
  return measured ? sumUp(plans) : undefined;
}

/**
 * Carries out a statement as a connection of a pool does that has just been made, and as one does that has known it
 * for long: from the sixth time on, PostgreSQL may keep one plan for all parameters. The very first time only fills
 * the caches of the catalogue, whose pages would be counted too.
 */
export async function carryOut(database: TestDatabase, statement: HotStatement): Promise<CarriedOut[]> {
  const client = await connect(database);
  const measured: CarriedOut[] = [];
  try {
    for (let time = 1; time <= 8; time += 1) {
      const found = await send(client, statement, time === 2 || time === 8);
      if (found) measured.push(found);
    }
    // For those who look how often an index was used.
    await client.query("select pg_stat_force_next_flush()");
  } catch (error) {
    throw new Error(`${statement.title}: ${(error as Error).message}`, { cause: error });
  } finally {
    await client.end();
  }
  return measured;
}
