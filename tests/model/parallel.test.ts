import { afterAll, beforeAll, expect, it } from "vitest";
import { work } from "../soak/support/crowd.ts";
import { createDirectives } from "../soak/support/directives.ts";
import { Wires } from "../soak/support/http.ts";
import { Known } from "../soak/support/known.ts";
import { isDone, isRefused, Ledger } from "../soak/support/ledger.ts";
import { verdict } from "../soak/support/verdict.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";
import { undriven } from "./support/driven.ts";
import { repetition, seed } from "./support/repeatable.ts";

/** Wishes of a round, after which callers begin no more. */
const WISHES = 1200;
/** Until everything was driven. */
const MAX_ROUNDS = 8;
/** What comes with time alone is in the sequential walks. */
const LATE = ["telemetry_run time_out"];

let stack: TestStack;
let wires: Wires;
let ledger: Ledger;

beforeAll(async () => {
  stack = await startTestStack();
  wires = new Wires(stack.services.functions.port);
  ledger = new Ledger();
  const known = new Known();
  known.directives.push(...(await createDirectives(stack.database, 300)));
  console.log(`Wishes of ten callers, to be chosen again by ${repetition("tests/model/parallel.test.ts", seed)}`);
  const secretKeys = Object.values(stack.secrets.secretKeys);
  const crowd = { wires, ledger, known, secretKeys, size: 10, pauseMs: 0 };
  for (let round = 1; round <= MAX_ROUNDS; round += 1) {
    await work({ ...crowd, seed: seed + round }, () => ledger.entries.length < round * WISHES);
    if ((await undriven(stack.database)).length <= LATE.length) break;
  }
}, 120_000);
afterAll(async () => {
  // Where the start failed, it says why, and not what is missing here.
  wires?.close();
  await stack?.stop();
});

const broken = () => verdict(stack.database, ledger);

it("has all that was answered once, and nothing of what was refused, after ten callers raced each other", async () => {
  expect(await broken()).toEqual([]);
  expect(ledger.entries.filter(isDone).length).toBeGreaterThan(WISHES / 4);
  expect(ledger.entries.filter(isRefused).length).toBeGreaterThan(WISHES / 20);
  expect(await undriven(stack.database)).toEqual(LATE);
});

// From here on the database and the ledger are made to differ, so that the check above is known to be one.

it("would notice a move that was answered and is gone", async () => {
  const [gone] = await stack.database.query<{ request_id: string; event: string }>(
    `delete from public.state_transitions where id = (
       select id from public.state_transitions where machine = 'handoff' and event = 'ready' order by id limit 1
     ) returning request_id, event`,
  );
  const found = await broken();
  expect(found).toContainEqual(expect.objectContaining({ promise: "lost", requestId: gone?.request_id }));
  expect(found.map(({ promise }) => promise)).toContain("history");
});

it("would notice a request that was carried out twice", async () => {
  const [twice] = await stack.database.query<{ request_id: string }>(
    `insert into public.state_transitions (machine, entity_id, event, from_status, to_status, actor, request_id)
     select machine, entity_id, event, from_status, to_status, actor, split_part(request_id, '.', 1) || '.2'
     from public.state_transitions where event = 'heartbeat' order by id limit 1
     returning request_id`,
  );
  const { entry } = /^(?<entry>\d+)/.exec(twice?.request_id ?? "")?.groups ?? {};
  expect(await broken()).toContainEqual(
    expect.objectContaining({ promise: "doubled", requestId: expect.stringMatching(`^${entry}\\.`) }),
  );
});

it("would notice metrics that were recorded twice, and some that were lost", async () => {
  const recorded = ledger.entries.filter((entry) => entry.operation.startsWith("orchestration-metrics"));
  const [twice, lost] = recorded.filter(isDone);
  await stack.database.query(
    `insert into public.orchestration_metrics (metadata) values (jsonb_build_object('entry', $1::integer))`,
    [twice?.number],
  );
  await stack.database.query("delete from public.orchestration_metrics where metadata ->> 'entry' = $1", [
    String(lost?.number),
  ]);
  const found = (await broken()).map(({ promise, requestId }) => `${promise} ${requestId?.split(".")[0]}`);
  expect(found).toContain(`doubled ${twice?.number}`);
  expect(found).toContain(`lost ${lost?.number}`);
});

it("would notice a refusal of something that was done, and answers that no caller may get", async () => {
  const entry = ledger.entries.find(({ claimed }) => claimed?.length === 1);
  if (!entry) throw new Error("nothing was done");
  entry.status = 409;
  const [attempt] = entry.tries;
  Object.assign(attempt ?? {}, { outcome: 500 });
  const other = ledger.open("health GET /", "a key");
  const common = { begun: 0, ended: 1 };
  ledger.add(other, { ...common, requestId: "other.1", outcome: 503, retryAfter: null });
  ledger.add(other, { ...common, requestId: "other.2", outcome: "lost", error: "ECONNRESET" });
  const found = (await broken()).map(({ promise, requestId }) => `${promise} ${requestId}`);
  expect(found).toContain(`refused, and done ${attempt?.requestId}`);
  for (const requestId of [attempt?.requestId, "other.1", "other.2"]) expect(found).toContain(`answers ${requestId}`);
});
