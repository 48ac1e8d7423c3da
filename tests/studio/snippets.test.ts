import { readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { repositoryRoot } from "../../local/paths.ts";
import { eventsOf } from "../dashboards/support/cast.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { callEvent } from "../transitions/call-event.ts";

const folder = join(repositoryRoot, "supabase", "snippets");
const files = readdirSync(folder).sort();
const textOf = (file: string) => readFileSync(join(folder, file), "utf8");

async function seeded(): Promise<TestDatabase> {
  const made = await createTestDatabase();
  await made.query(await readFile(join(repositoryRoot, "supabase", "seed.sql"), "utf8"));
  return made;
}

let database: TestDatabase;
let reader: pg.Client;

beforeAll(async () => {
  database = await seeded();
  reader = await database.connect();
  // As Studio does, as postgres; and so that none of them can write, nor call what writes.
  await reader.query("set default_transaction_read_only = on");
});
afterAll(() => database.drop());

type Row = Record<string, unknown>;

/** Runs a snippet, perhaps with other parameters than those that it is kept with. */
async function ask(file: string, given: [kept: string, instead: string][] = [], client = reader) {
  let text = textOf(file);
  for (const [kept, instead] of given) {
    expect(text).toContain(kept);
    text = text.replace(kept, instead);
  }
  return client.query<Row>(text);
}

describe.each(files)("%s", (file) => {
  const text = textOf(file);

  test("says what it answers and what to edit, and is one bounded statement with its parameters at the top", () => {
    expect(file).toMatch(/^[a-z]+(-[a-z]+)*\.sql$/);
    expect(text).toMatch(/^-- [^\n]+\?/);
    expect(text).toMatch(/\n-- Edit: [\s\S]*?\nwith given as \(\n {2}select\b/);
    expect(text).toMatch(/\nlimit \d+;\n$/);
    expect(text.match(/;\s*$/gm)).toHaveLength(1);
  });

  test("runs against the seed, writes nothing, and gives columns that can be read", async () => {
    const { fields, rows } = await ask(file);
    const names = fields.map(({ name }) => name);
    expect(names.length).toBeGreaterThanOrEqual(5);
    expect(names).toEqual(names.filter((name) => /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name)));
    expect(new Set(names).size).toBe(names.length);
    // The seed has no waived gate; those come further down.
    if (file !== "which-gates-were-waived.sql") expect(rows.length).toBeGreaterThan(0);
  });
});

test("there is one for each question that operators ask", () => {
  expect(files).toEqual([
    "cost-per-company-this-month.sql",
    "how-did-okr-generations-go.sql",
    "story-of-a-directive.sql",
    "what-do-telemetry-findings-say.sql",
    "what-happened-today.sql",
    "what-is-stuck.sql",
    "what-waits-for-whom.sql",
    "what-was-changed-by-hand.sql",
    "which-agents-are-at-work.sql",
    "which-gates-were-waived.sql",
    "who-changed-it.sql",
    "who-has-access.sql",
    "why-was-this-refused.sql",
  ]);
});

describe("of the seed", () => {
  test("the sent hand-off is stuck", async () => {
    const { rows } = await ask("what-is-stuck.sql");
    expect(rows.map(({ kind, concerns }) => `${kind} ${concerns}`)).toEqual(["handoff SD-2026-002"]);
  });

  test("each hand-off and open session waits for the one whose turn it is", async () => {
    const { rows } = await ask("what-waits-for-whom.sql");
    expect(rows.map(({ waits_for, kind, directive }) => [directive, kind, waits_for]).sort()).toEqual([
      [null, "telemetry run of user ada@northwind.example", "a worker"],
      ["SD-2026-002", "handoff", "anybody but postgres"],
      ["SD-2026-003", "handoff", "the agent of the session"],
      ["SD-2026-003", "session", "the agent of the session"],
      ["SD-2026-004", "session", "whoever paused it"],
      ["SD-2026-007", "handoff", "the agent of the session"],
      ["SD-2026-008", "handoff", "the agent of the session"],
    ]);
    const of = await ask("what-waits-for-whom.sql", [["null::text as sd_id", "'SD-2026-007' as sd_id"]]);
    expect(of.rows.map(({ directive }) => directive)).toEqual(["SD-2026-007"]);
  });

  test("a session is refused its completion because of its open gates", async () => {
    const { rows } = await ask("why-was-this-refused.sql");
    expect(rows.map(({ possible_event, in_the_way }) => [possible_event, in_the_way])).toEqual([
      ["cancel", null],
      ["complete", "required gates are open: SECURITY, TESTING"],
      ["fail", null],
      ["pause", null],
    ]);
  });

  test.each([
    ["a cancelled run", "7f000000-0000-4000-8000-000000000007", [["none", "nothing leads out of CANCELLED"]]],
    [
      "a sent hand-off",
      "8a000000-0000-4000-8000-000000000002",
      [
        ["accept", "refused only to the one who sent it: postgres"],
        ["reject", "refused only to the one who sent it: postgres"],
      ],
    ],
    [
      "a completed session whose hand-off is accepted",
      "5e000000-0000-4000-8000-000000000001",
      [["reopen", "its hand-off is not rejected but accepted"]],
    ],
    ["one whose hand-off was rejected", "5e000000-0000-4000-8000-000000000007", [["reopen", null]]],
  ])("%s is refused what is in its way", async (_title, id, reasons) => {
    const { rows } = await ask("why-was-this-refused.sql", [["5e000000-0000-4000-8000-000000000003", id]]);
    expect(rows.map(({ possible_event, in_the_way }) => [possible_event, in_the_way])).toEqual(reasons);
  });

  test("a directive whose session failed is not started again but retried", async () => {
    const { rows } = await ask("why-was-this-refused.sql", [
      ["'5e000000-0000-4000-8000-000000000003'::uuid", "null::uuid"],
      ["null::text as sd_id", "'SD-2026-005' as sd_id"],
    ]);
    expect(rows.map(({ machine, status, possible_event }) => [machine, status, possible_event])).toEqual([
      ["exec_session", "failed", "retry"],
    ]);
  });

  test("a hand-off without a summary or a deliverable cannot become ready", async () => {
    const { rows } = await ask("why-was-this-refused.sql", [
      ["5e000000-0000-4000-8000-000000000003", "8a000000-0000-4000-8000-000000000003"],
    ]);
    expect(rows).toMatchObject([
      { status: "preparing", possible_event: "ready", in_the_way: "it has no summary, or no deliverable" },
    ]);
  });

  test("what happened today is the whole story of the seed, newest first", async () => {
    const { rows } = await ask("what-happened-today.sql");
    const [moves] = await database.query<{ count: number }>(
      "select count(*)::integer from public.state_transitions where occurred_at >= now() - interval '24 hours'",
    );
    expect(rows).toHaveLength(moves?.count ?? 0);
    expect(rows.filter(({ who }) => who !== "postgres")).toEqual([]);
    const of = rows.filter(({ directive, machine }) => directive === "SD-2026-007" && machine === "exec_session");
    expect(of.map(({ status }) => status)).toEqual(["active → completed", "active"]);
  });

  test("a checkpoint of a completed session cannot be reopened", async () => {
    const [gate] = await database.query<{ id: string }>(
      "select id from public.exec_quality_checkpoints where sd_id = 'SD-2026-001' limit 1",
    );
    const { rows } = await ask("why-was-this-refused.sql", [["5e000000-0000-4000-8000-000000000003", `${gate?.id}`]]);
    expect(rows).toMatchObject([{ possible_event: "reopen", in_the_way: "its session is completed" }]);
  });

  test("every company has its costs of the month, equal to the sum of its measurements", async () => {
    // A month in which the whole seed lies, whatever the day is.
    const month = "date_trunc('month', now() at time zone 'utc')";
    const year = await ask("cost-per-company-this-month.sql", [
      [`${month} as month`, `${month} - interval '1 month' as month`],
      ["given.month + interval '1 month'", "given.month + interval '3 months'"],
    ]);
    const expected = await database.query(
      `select c.name as company, sum(m.compute_cost) as cost, sum(m.action_count) as actions
       from public.orchestration_metrics m join public.companies c on c.id = m.company_id
       group by c.name order by 2 desc`,
    );
    expect(year.rows.map(({ company, cost, actions }) => ({ company, cost, actions }))).toEqual(expected);
    const { rows } = await ask("cost-per-company-this-month.sql");
    expect(rows.map(({ company }) => company).sort()).toEqual(["Harbor Foods", "Northwind Robotics"]);
  });

  test("access is listed with who gave it, ended access too, and who may drive the protocol", async () => {
    const { rows } = await ask("who-has-access.sql");
    expect(rows.map((row) => [row.company, row.who, row.access_is, row.may_drive_as, row.granted_by])).toEqual([
      ["Harbor Foods", "ada@northwind.example", "active", "operator", null],
      ["Harbor Foods", "chloe@harbor.example", "ended", null, null],
      ["Northwind Robotics", "ada@northwind.example", "active", "operator", null],
      ["Northwind Robotics", "ben@northwind.example", "active", null, "ada@northwind.example"],
    ]);
  });

  test("generations are listed by month, with the attempt that failed", async () => {
    const { rows } = await ask("how-did-okr-generations-go.sql");
    expect(rows).toHaveLength(6);
    expect(rows.filter(({ failed_attempts }) => failed_attempts === 1)).toMatchObject([
      { status: "completed", last_error: "the model did not answer within 60 seconds" },
    ]);
  });
});

describe("of what happened since", () => {
  let own: TestDatabase;
  let client: pg.Client;
  let sdId: string;
  let userId: string | undefined;

  beforeAll(async () => {
    own = await seeded();
    client = await own.connect();
    const events = eventsOf(own);
    const started = await events.start(["load test", "audit"]);
    sdId = started.sdId;
    await events.checkpoint("waive", started.id, "load test", { reason: "no load yet" });
    [{ id: userId } = { id: undefined }] = await own.query<{ id: string }>(
      "select id from auth.users where email = 'ada@northwind.example'",
    );
    await own.query("select leo.move_exec_session($1, $2, $3)", [
      started.id,
      { reason: "holidays" },
      { event: "pause", actor: `user:${userId}` },
    ]);
    await own.query("delete from public.exec_quality_checkpoints where session_id = $1 and checkpoint_name = 'audit'", [
      started.id,
    ]);
    await own.query(
      "select leo.override_status('telemetry_run', '7f000000-0000-4000-8000-000000000003', 'FAILED', 'shut down')",
    );

    await events.claim();
    // Of an analyser of somebody's own, which says less: shown as well.
    const runId = await events.request({ scope_type: "workspace", scope_id: "slow" });
    await events.claim();
    const bottlenecks = [
      { dimension_type: "venture", dimension_key: "e0000000-0000-4000-8000-000000000001", ratio: 3.5 },
      { dimension_type: "agent", dimension_key: "builder", ratio: 11.2, sample_count: 4 },
    ];
    await events.run("succeed", runId, { output_ref: { rows_scanned: 9, bottlenecks }, findings_count: 2 });

    const northwind = { scope_type: "workspace", scope_id: "c0000000-0000-4000-8000-000000000001" };
    const analysed = await events.request(northwind);
    await events.claim();
    await callEvent(own, "analyze_telemetry_run", { id: analysed, context: { event: "succeed" } });
  });
  afterAll(() => own.drop());

  const since = (file: string) => ask(file, [], client);

  test("the waived gate is shown with its reason, and the deleted one too", async () => {
    const { rows } = await since("which-gates-were-waived.sql");
    expect(rows.filter(({ directive }) => directive === sdId)).toMatchObject([
      { what: "deleted", is_required_now: false, who: "postgres" },
      { what: "waived", gate: "load test", reason: "no load yet", session_is: "paused", is_required_now: false },
    ]);
  });

  test("the override comes first among what was done by hand, and what the functions did is not there", async () => {
    const { rows } = await since("what-was-changed-by-hand.sql");
    expect(rows[0]).toMatchObject({
      kind: "override",
      who: "postgres",
      reason: "shut down",
      status: "RUNNING → FAILED",
    });
    expect(rows[1]).toMatchObject({ kind: "gate deleted", directive: sdId });
    expect(rows.filter(({ who }) => who !== "postgres")).toEqual([]);
  });

  test("the history of a row and of a directive names people", async () => {
    const { rows } = await ask("who-changed-it.sql", [["SD-2026-003", sdId]], client);
    expect(rows.map(({ event, who }) => `${event} ${who}`)).toEqual([
      "delete postgres",
      "pause ada@northwind.example",
      "waive secret:test/agent-1",
      "start secret:test/agent-1",
      "insert secret:test/agent-1",
      "insert secret:test/agent-1",
    ]);
    const one = await ask(
      "who-changed-it.sql",
      [
        ["null::uuid", "'7f000000-0000-4000-8000-000000000003'::uuid"],
        ["'SD-2026-003'", "null::text"],
      ],
      client,
    );
    expect(one.rows.map(({ event }) => event)).toEqual(["override", "insert"]);
  });

  test("the paused session waits for whoever paused it, and says why", async () => {
    const { rows } = await since("what-waits-for-whom.sql");
    expect(rows.filter(({ directive }) => directive === sdId)).toMatchObject([
      { waits_for: "whoever paused it", next_step: "to resume it: paused because holidays" },
    ]);
  });

  describe("what a directive waits for is", () => {
    const awaited = async (directive: string) =>
      (await ask("what-waits-for-whom.sql", [["null::text as sd_id", `'${directive}' as sd_id`]], client)).rows.map(
        ({ waits_for, next_step, id, for_how_long }) => {
          expect(for_how_long).not.toBeNull();
          return [waits_for, next_step, id];
        },
      );

    test("the gates of its session that are open, and once all are passed or waived, its completion", async () => {
      const events = eventsOf(own);
      const { id, sdId: directive } = await events.start(["audit", "load test", "unit tests"]);
      await events.checkpoint("complete", id, "unit tests", { score: 80 });
      expect(await awaited(directive)).toEqual([
        ["the agent of the session", "to pass the gates audit, load test", id],
      ]);
      await events.checkpoint("complete", id, "audit", { score: 80 });
      await events.checkpoint("waive", id, "load test", { reason: "no load yet" });
      expect(await awaited(directive)).toEqual([["the agent of the session", "to complete it", id]]);
      await own.query("delete from public.exec_quality_checkpoints where session_id = $1", [id]);
      expect(await awaited(directive)).toEqual([["the agent of the session", "to complete it", id]]);
    });

    test("the latest of its hand-offs, and never a rejected one in whose place there is another", async () => {
      const events = eventsOf(own);
      const { id, sdId: directive } = await events.start(["audit"]);
      await events.checkpoint("complete", id, "audit", { score: 80 });
      await events.session("complete", id);
      const revision = /^to revise it, or to reopen the session: /;
      const answered = async (event: string, handoffId: string, reason: string) => {
        for (const step of ["ready", "send"]) await events.handoff(step, handoffId);
        await events.handoff(event, handoffId, "secret:verifier", { reason });
      };

      const { id: first } = await events.prepare(id);
      await answered("reject", first, "no runbook");
      expect(await awaited(directive)).toEqual([["the agent of the session", expect.stringMatching(revision), first]]);
      const { id: second } = await events.prepare(id);
      expect(await awaited(directive)).toEqual([["the agent of the session", "to get it ready", second]]);
      await answered("reject", second, "an empty runbook");
      expect(await awaited(directive)).toEqual([["the agent of the session", expect.stringMatching(revision), second]]);
      const { id: third } = await events.prepare(id);
      await answered("accept", third, "well done");
      expect(await awaited(directive)).toEqual([]);

      // Whichever is older: an imported one may say anything of that.
      await own.query(
        "update public.exec_handoff_preparations set created_at = now() - interval '1 year' where id = $1",
        [third],
      );
      expect(await awaited(directive)).toEqual([]);
    });
  });

  test("findings are listed worst first, with the venture's name", async () => {
    const { rows } = await since("what-do-telemetry-findings-say.sql");
    expect(rows.slice(0, 2)).toMatchObject([
      { scope: "workspace slow", dimension: "agent", which: "builder", times_the_usual: 11.2, samples: 4 },
      { scope: "workspace slow", dimension: "venture", which: "Pallet Pilot", times_the_usual: 3.5 },
    ]);
    expect(
      rows.filter(({ scope, dimension }) => scope === "workspace Northwind Robotics" && dimension === "venture"),
    ).toMatchObject([
      {
        which: "Pallet Pilot",
        measure: "duration",
        severity: "medium",
        usual: expect.stringMatching(/^\d+ ms$/),
        observed: expect.stringMatching(/^\d+ ms$/),
      },
    ]);
    expect(rows.find(({ scope }) => scope === "global")).toMatchObject({
      finding: "nothing found: INSUFFICIENT_DATA",
      which: null,
    });
    expect(rows.find(({ scope }) => scope === "workspace Harbor Foods")).toMatchObject({ finding: "never analysed" });
  });

  test("a session that nobody has touched for days is stuck", async () => {
    await own.query(
      "update public.exec_implementation_sessions set updated_at = now() - interval '2 days' where sd_id = 'SD-2026-003'",
    );
    await own.query(
      "update public.exec_quality_checkpoints set updated_at = now() - interval '2 days' where sd_id = 'SD-2026-003'",
    );
    const { rows } = await since("what-is-stuck.sql");
    expect(rows.filter(({ kind }) => kind === "session")).toMatchObject([
      { concerns: "SD-2026-003", what_is_wrong: "active without a sign of life" },
    ]);
  });

  test("a session is stuck as soon as the sweep would pause it, whatever it says of times to come", async () => {
    const silentFor = (age: string) =>
      own.query(
        `update public.exec_implementation_sessions
         set updated_at = now() + interval '400 days', started_at = now() - $1::interval where sd_id = 'SD-2026-003'`,
        [age],
      );
    for (const table of ["exec_quality_checkpoints", "exec_handoff_preparations"]) {
      await own.query(
        `update public.${table} set updated_at = now() + interval '400 days' where sd_id = 'SD-2026-003'`,
      );
    }
    const stuck = async () => (await since("what-is-stuck.sql")).rows.filter(({ kind }) => kind === "session");
    await silentFor("23 hours");
    expect(await stuck()).toEqual([]);
    await own.query("update leo.settings set session_stale_after = '22 hours'");
    expect(await stuck()).toMatchObject([{ concerns: "SD-2026-003" }]);
    await own.query("update leo.settings set session_stale_after = '24 hours'");
    await silentFor("25 hours");
    expect(await stuck()).toMatchObject([{ concerns: "SD-2026-003" }]);
  });

  test("a run past its deadline and a run that nobody claims are stuck", async () => {
    await own.query(
      `update public.telemetry_analysis_runs
       set metadata = metadata || jsonb_build_object('deadline_at', now() - interval '1 minute')
       where run_id = '7f000000-0000-4000-8000-000000000004'`,
    );
    await own.query(
      `insert into public.telemetry_analysis_runs (run_id, scope_id, triggered_at)
       values (gen_random_uuid(), 'late', now() - interval '2 hours')`,
    );
    const { rows } = await since("what-is-stuck.sql");
    expect(rows.filter(({ kind }) => kind === "telemetry run")).toMatchObject([
      { concerns: "workspace late", what_is_wrong: "queued and not claimed" },
      { concerns: "user ada@northwind.example", what_is_wrong: "running past its deadline, claimed by w" },
    ]);
  });

  test("agents are found in the history, among the workers, and in what was measured", async () => {
    const { rows } = await since("which-agents-are-at-work.sql");
    const agents = rows.map(({ agent, seen_by }) => `${agent}: ${seen_by}`);
    expect(agents).toEqual(
      expect.arrayContaining([
        "secret:test/agent-1: moves of the state machines",
        "w: telemetry runs under way",
        "builder: measurements",
      ]),
    );
  });

  test("the story of a directive is told from its beginning", async () => {
    const { rows } = await ask("story-of-a-directive.sql", [["SD-2026-003", sdId]], client);
    expect(rows.map(({ what, event, status }) => `${what} ${event} ${status}`).slice(-3)).toEqual([
      "quality_checkpoint load test waive incomplete → incomplete",
      "exec_session pause active → paused",
      "quality_checkpoint delete incomplete",
    ]);
  });
});
