import fc from "fast-check";
import type pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import {
  asUser,
  createCompanies,
  createMember,
  day,
  expectedSummary,
  forgetRollUps,
  readSummary,
  rollUp,
} from "./summaries.ts";

let database: TestDatabase;
let writer: pg.Client;
let reader: pg.Client;
/** Of the three, the member belongs to the first two. */
let companies: string[];
let member: string;

beforeAll(async () => {
  database = await createTestDatabase();
  companies = await createCompanies(database, 3);
  member = await createMember(database, companies.slice(0, 2));
  [writer, reader] = await Promise.all([database.connect(), database.connect()]);
});
afterAll(() => database.drop());

const firstDay = -6;
const lastDay = 1;
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null, freq: 5 });
const count = maybe(fc.integer({ min: 0, max: 2_147_483_647 }));
const percentage = maybe(fc.integer({ min: 0, max: 10_000 }).map((hundredths) => hundredths / 100));
const duration = maybe(
  fc.integer({ min: 0, max: 7_200_000_000 }).map((microseconds) => `${microseconds} microseconds`),
);
const fromToday = fc.integer({ min: firstDay, max: lastDay });
/** Also the first and the last moment of a day. */
const recordedAt = maybe(
  fc
    .tuple(fromToday, fc.constantFrom("00:00:00", "11:30:00.123456", "23:59:59.999999"))
    .map(([days, time]) => `${day(days)}T${time}Z`),
);
/** By number; null is a metric of no company. */
const company = maybe(fc.integer({ min: 0, max: 2 }));
const metric = fc.record({
  metric_id: fc.uuid(),
  company,
  action_count: count,
  success_count: count,
  failure_count: count,
  api_calls_made: count,
  chairman_interventions: count,
  chairman_approvals: count,
  chairman_rejections: count,
  error_rate: maybe(fc.integer({ min: 0, max: 10_000 }).map((share) => share / 10_000)),
  compute_cost: maybe(fc.integer({ min: 0, max: 9_999_999_999 }).map((cents) => cents / 100)),
  stage_duration: duration,
  agent_response_time: duration,
  handoff_efficiency: percentage,
  agent_utilization: percentage,
  data_quality_score: percentage,
  confidence_score: percentage,
  recorded_at: recordedAt,
});
/** Which of the rows there are: those whose id hashes to it. */
const some = fc.record({ modulus: fc.integer({ min: 1, max: 4 }), rest: fc.nat({ max: 3 }) });

type Drawn<A> = A extends fc.Arbitrary<infer Value> ? Value : never;
type Which = Drawn<typeof some>;

type Step =
  | { does: "insert"; metrics: Drawn<typeof metric>[] }
  | { does: "resend" | "delete" | "correct" | "upsert"; which: Which; actions: number }
  | { does: "move"; which: Which; company: number | null; recordedAt: string | null }
  | { does: "roll up"; limit: number }
  | { does: "truncate" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constant("insert"), metrics: fc.array(metric, { minLength: 1, maxLength: 12 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      does: fc.constantFrom("resend", "delete", "correct", "upsert"),
      which: some,
      actions: fc.nat({ max: 1000 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("move"), which: some, company, recordedAt }) },
  { weight: 6, arbitrary: fc.record({ does: fc.constant("roll up"), limit: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("truncate") }) },
);

const chosen = "(hashtext(metric_id::text) & 1023) % $1::integer = $2::integer % $1::integer";

async function take(next: Step): Promise<unknown> {
  const { does } = next;
  switch (does) {
    case "insert": {
      const rows = next.metrics.map(({ company: number, ...fields }) => ({
        ...fields,
        company_id: number === null ? null : companies[number],
      }));
      const names = Object.keys(rows[0] ?? {}).join(", ");
      return writer.query(
        `insert into public.orchestration_metrics (${names})
         select ${names} from jsonb_populate_recordset(null::public.orchestration_metrics, $1)
         on conflict do nothing`,
        [JSON.stringify(rows)],
      );
    }
    case "resend":
      return writer.query(
        `insert into public.orchestration_metrics select * from public.orchestration_metrics where ${chosen}
         on conflict do nothing`,
        [next.which.modulus, next.which.rest],
      );
    case "upsert":
      return writer.query(
        `insert into public.orchestration_metrics select * from public.orchestration_metrics where ${chosen}
         on conflict (metric_id) do update set action_count = $3`,
        [next.which.modulus, next.which.rest, next.actions],
      );
    case "correct":
      return writer.query(`update public.orchestration_metrics set action_count = $3 where ${chosen}`, [
        next.which.modulus,
        next.which.rest,
        next.actions,
      ]);
    case "delete":
      return writer.query(`delete from public.orchestration_metrics where ${chosen}`, [
        next.which.modulus,
        next.which.rest,
      ]);
    case "move":
      return writer.query(`update public.orchestration_metrics set company_id = $3, recorded_at = $4 where ${chosen}`, [
        next.which.modulus,
        next.which.rest,
        next.company === null ? null : companies[next.company],
        next.recordedAt,
      ]);
    case "roll up":
      return rollUp(database, next.limit);
    case "truncate":
      return writer.query("truncate public.orchestration_metrics");
    default:
      return does satisfies never;
  }
}

it("the summary is what all metrics come to, after each step of 100 random histories, as a user", async () => {
  let rolledUp = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 4, maxLength: 16 }),
      fromToday,
      fromToday,
      async (steps, one, other) => {
        await writer.query("truncate public.orchestration_metrics");
        await forgetRollUps(database);
        const [from, to] = [day(Math.min(one, other)), day(Math.max(one, other))];
        for (const next of steps) {
          const result = await take(next);
          if (next.does === "roll up") rolledUp += Number(result);
          for (const [id, visible] of [
            [null, companies.slice(0, 2)],
            [companies[0], companies.slice(0, 1)],
            [companies[2], []],
          ] as const) {
            const expected = await expectedSummary(writer, [...visible], from, to);
            const found = await asUser(reader, member, () => readSummary(reader, id ?? null, from, to));
            expect(found).toEqual(expected);
          }
        }
      },
    ),
    { numRuns: 100, seed: 20_260_305 },
  );
  // Else everything was summed up on the spot, and nothing was tested.
  expect(rolledUp).toBeGreaterThan(300);
}, 300_000);
