import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { healthAnswer } from "../../types/contracts/health.ts";
import { createDirective } from "./support/directives.ts";
import { type FunctionsUnderTest, startFunctions } from "./support/functions.ts";

const HANG_UPS = 1_000;
const POOL_SIZE = 4;
/** How many callers there are at once. */
const ABREAST = 25;
const patiently = { timeout: 60_000 };

const seed = Number(process.env.LEO_HANG_UP_SEED ?? Math.floor(Math.random() * 2 ** 31));

let functions: FunctionsUnderTest;

beforeAll(async () => {
  functions = await startFunctions({ env: { LEO_DB_POOL_SIZE: String(POOL_SIZE) } });
});

afterAll(() => functions.stop());

/** How far a caller gets before it hangs up. */
const moments = [
  "before the head is whole",
  "before the body is whole",
  "at once after the body",
  "a little after the body",
  "while its statement waits for a lock",
] as const;

interface HangUp {
  moment: (typeof moments)[number];
  /** How much of the request is sent where it is not all of it. */
  part: number;
  /** Turns of the event loop that the caller waits for an answer. */
  turns: number;
  /** With a reset in place of an ordinary end. */
  rudely: boolean;
  keyed: boolean;
}

const hangUps = fc.record<HangUp>({
  moment: fc.constantFrom(...moments),
  part: fc.double({ min: 0, max: 0.999, noNaN: true }),
  turns: fc.nat({ max: 200 }),
  rudely: fc.boolean(),
  keyed: fc.boolean(),
});

/** A request that starts a session of a directive: its head, and its body. */
function requestOf(sdId: string, keyed: boolean): [string, string] {
  const body = JSON.stringify({ sd_id: sdId, implementation_type: "UI_COMPONENT" });
  const key = keyed ? `idempotency-key: ${randomUUID()}\r\n` : "";
  const head =
    `POST /functions/v1/exec-sessions HTTP/1.1\r\nhost: localhost\r\napikey: ${functions.secretKey}\r\n${key}` +
    `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  return [head, body];
}

function bytesOf({ moment, part, keyed }: HangUp, sdId: string): string {
  const [head, body] = requestOf(sdId, keyed);
  if (moment === "before the head is whole") return head.slice(0, Math.floor(part * head.length));
  if (moment === "before the body is whole") return head + body.slice(0, Math.floor(part * body.length));
  return head + body;
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Sends what is to be sent, and hangs up; where it is to wait for a lock, once `locked` says that somebody does. */
async function hangUp(how: HangUp, sdId: string, locked: Promise<void>): Promise<void> {
  const socket = connect(Number(new URL(functions.url).port), "127.0.0.1");
  socket.on("error", () => {});
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await new Promise<void>((resolve) => socket.write(bytesOf(how, sdId), () => resolve()));
  const turns = how.moment === "at once after the body" ? 0 : how.turns;
  if (how.moment === "while its statement waits for a lock") await locked;
  for (let i = 0; i < turns; i += 1) await turn();
  if (how.rudely) socket.resetAndDestroy();
  else socket.destroy();
  await closed;
}

const count = async (text: string) => (await functions.database.query<{ count: number }>(text))[0]?.count;

const openTransactions = () =>
  count(
    `select count(*)::integer as count from pg_stat_activity
     where application_name = 'leo-functions' and datname = current_database() and state <> 'idle'`,
  );

const lockWaiters = () =>
  count(
    `select count(*)::integer as count from pg_stat_activity
     where application_name = 'leo-functions' and datname = current_database() and wait_event_type = 'Lock'`,
  );

async function waitingForLock(): Promise<void> {
  await expect.poll(lockWaiters, { ...patiently, interval: 5 }).toBeGreaterThan(0);
}

/** The functions hear of the last callers a little after those have hung up; a place that was lost stays lost. */
async function expectNothingInUse(): Promise<void> {
  const inUse = async () => {
    const health = await functions.call("health", { method: "GET" });
    const { size, busy, opening, waiting } = healthAnswer.parse(await health.json()).pool;
    return { size, busy, opening, waiting, transactions: await openTransactions() };
  };
  await expect.poll(inUse, patiently).toEqual({ size: POOL_SIZE, busy: 0, opening: 0, waiting: 0, transactions: 0 });
  expect(functions.proxy.openConnections()).toBeLessThanOrEqual(POOL_SIZE);
}

test(`${HANG_UPS} callers that hang up leave no transaction open and no connection in use`, async () => {
  console.log(`hang-ups: LEO_HANG_UP_SEED=${seed} repeats these`);
  const { database } = functions;
  const all = fc.sample(hangUps, { numRuns: HANG_UPS, seed });

  for (let i = 0; i < all.length; i += ABREAST) {
    const round = await Promise.all(
      all.slice(i, i + ABREAST).map(async (how) => ({ how, sdId: await createDirective(database) })),
    );
    // What hangs up under a lock has it held by somebody else until the round is over.
    const held = round.filter(({ how }) => how.moment === "while its statement waits for a lock");
    const ids = held.map(({ sdId }) => sdId);
    const holder = await database.connect();
    await holder.query("begin");
    await holder.query("select from public.strategic_directives_v2 where id = any ($1) order by id for update", [ids]);
    const locked = ids.length > 0 ? waitingForLock() : Promise.resolve();
    await Promise.all([locked, ...round.map(({ how, sdId }) => hangUp(how, sdId, locked))]);
    await holder.query("commit");
    await holder.end();
    if ((i / ABREAST) % 10 === 0) await expectNothingInUse();
  }

  await expectNothingInUse();
  // Served at once, with every connection there is.
  const next = await Promise.all(Array.from({ length: POOL_SIZE }, () => functions.call("health", { method: "GET" })));
  expect(next.map(({ status }) => status)).toEqual(Array(POOL_SIZE).fill(200));

  // What was carried out was carried out whole: each session with its checkpoints and its one line of history.
  const [whole] = await database.query<{ sessions: number; starts: number }>(
    `select (select count(*)::integer from public.exec_implementation_sessions) as sessions,
            (select count(*)::integer from public.state_transitions where event = 'start') as starts`,
  );
  const { sessions = 0, starts } = whole ?? {};
  expect(sessions).toBeGreaterThan(0);
  expect(sessions).toBeLessThan(HANG_UPS);
  expect(starts).toBe(sessions);
  expect(await database.query("select * from leo.doctor()")).toEqual([]);
  console.log(`hang-ups: ${HANG_UPS}, of which ${sessions} had been carried out, whole`);
}, 180_000);
