import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { fill } from "./support/volume.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  await fill(database);
}, 120_000);
afterAll(() => database.drop());

interface PlanNode {
  "Node Type": string;
  "Relation Name"?: string;
  "Index Name"?: string;
  "Shared Hit Blocks": number;
  "Shared Read Blocks": number;
  Plans?: PlanNode[];
}

/** How a signed-in user's query was carried out: pages that it touched, its indexes, the tables that it read whole. */
async function carriedOut(sql: string) {
  const client = await database.connect();
  await client.query("begin");
  await client.query("select set_config('request.jwt.claims', $1, true)", [
    JSON.stringify({ sub: randomUUID(), role: "authenticated" }),
  ]);
  await client.query("set local role authenticated");
  const { rows } = await client.query(`explain (analyze, buffers, format json) ${sql}`);
  await client.query("rollback");
  const root: PlanNode = rows[0]["QUERY PLAN"][0].Plan;
  const nodes: PlanNode[] = [];
  const walk = (node: PlanNode) => {
    nodes.push(node);
    node.Plans?.forEach(walk);
  };
  walk(root);
  const named = (name: "Index Name" | "Relation Name", of: PlanNode[]) =>
    new Set(of.flatMap((node) => node[name] ?? []));
  return {
    pages: root["Shared Hit Blocks"] + root["Shared Read Blocks"],
    indexes: named("Index Name", nodes),
    readWhole: [
      ...named(
        "Relation Name",
        nodes.filter((node) => node["Node Type"] === "Seq Scan"),
      ),
    ],
  };
}

// Of the tables, the smallest has 400 pages and the greatest several thousand. A row of a view takes a look at two
// to five indexes, each of three to four pages; the limits leave room for twice that.
test.each([
  ["the session of a directive", "session_overview where sd_id = 'SD-500'", 60, "idx_exec_sessions_sd_id"],
  ["active sessions", "session_overview where status = 'active'", 2500, "idx_exec_checkpoints_session_id"],
  ["the newest sessions", "session_overview order by started_at desc limit 50", 1500, "idx_exec_sessions_started_at"],
  ["the gaps of a directive", "checkpoint_gaps where sd_id = 'SD-500'", 60, "idx_exec_sessions_sd_id"],
  ["all gaps", "checkpoint_gaps order by open_since limit 50", 8000, "idx_state_transitions_entity"],
  ["hand-offs of a directive", "handoff_turnarounds where sd_id = 'SD-505'", 60, "idx_exec_handoff_preparations_sd_id"],
  [
    "hand-offs that wait",
    "handoff_turnarounds where handoff_status = 'sent' order by sent_at limit 50",
    2500,
    "idx_exec_handoff_preparations_status",
  ],
  [
    "the newest hand-offs",
    "handoff_turnarounds order by prepared_at desc limit 50",
    2500,
    "idx_exec_handoff_preparations_prepared_at",
  ],
  [
    "the timeline of a directive",
    "sd_timeline where sd_id = 'SD-500' order by transition_id",
    150,
    "idx_state_transitions_sd",
  ],
  ["the newest moves", "sd_timeline order by transition_id desc limit 50", 800, "state_transitions_pkey"],
  [
    "the findings of a scope",
    "telemetry_findings where scope_type = 'user' and scope_id = 'u8'",
    800,
    "idx_telemetry_runs_scope_status",
  ],
  [
    "the findings of a scope without an id",
    "telemetry_findings where scope_type = 'global' and scope_id is null",
    300,
    "idx_telemetry_runs_scope_status",
  ],
  ["all findings", "telemetry_findings order by finished_at desc limit 50", 3000, "idx_telemetry_runs_scope_status"],
])("%s are found without a table read whole", async (_title, question, mostPages, index) => {
  const { pages, indexes, readWhole } = await carriedOut(`select * from public.${question}`);
  expect(readWhole).toEqual([]);
  expect(indexes).toContain(index);
  expect(pages).toBeLessThan(mostPages);
});

test("a count of sessions looks neither at their checkpoints nor at their hand-offs", async () => {
  const { indexes, readWhole } = await carriedOut("select count(*) from public.session_overview");
  expect([...indexes, ...readWhole].filter((name) => !/sessions/.test(name))).toEqual([]);
});

test("the history of a day is found by its time", async () => {
  const { pages, indexes, readWhole } = await carriedOut(
    "select count(*) from public.state_transitions where occurred_at > now() - interval '1 day'",
  );
  expect(readWhole).toEqual([]);
  expect(indexes).toContain("idx_state_transitions_occurred_at");
  expect(pages).toBeLessThan(300);
});
