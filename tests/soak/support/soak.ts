/** Steady load, one fault after the other at random moments, and the verdict on what is left. */

import { setTimeout as delay } from "node:timers/promises";
import { walkWorlds } from "../../model/support/property.ts";
import type { Product } from "../../model/support/walk.ts";
import { type Fault, type Scene, until } from "../faults/fault.ts";
import { faults } from "../faults/index.ts";
import { type CrowdOptions, callersOf, work } from "./crowd.ts";
import { createDirectives } from "./directives.ts";
import { Known } from "./known.ts";
import { Ledger, type Try } from "./ledger.ts";
import { pulse, recovery } from "./pulse.ts";
import { type Random, randomFrom } from "./random.ts";
import { type Stage, withStage } from "./stage.ts";
import { type Broken, verdict } from "./verdict.ts";

export interface SoakOptions {
  seed: number;
  /** How long walks of the model go on, before the load; see tests/model. */
  walkMs: number;
  /** How long faults go on; each kind strikes once at least. */
  milliseconds: number;
  /** Between one fault's recovery and the next fault, at most. */
  calmMs: number;
  callers: number;
  /** That a caller waits at most between two wishes. */
  pauseMs: number;
  /** Within which the product has to work again. */
  recoverWithinMs: number;
  /** What goes on, now and then. */
  progress?: (soak: Soak) => void;
}

/** A fault that struck. */
export interface Struck {
  title: string;
  /** Begin and end, by performance.now(). */
  from: number;
  to: number;
  /** Milliseconds from its end until something was answered again; null: not within half a minute. */
  recoveryMs: number | null;
}

/** What a soak came to, also while it runs. */
export interface Soak {
  seed: number;
  begun: number;
  /** Milliseconds that it took, once it is over. */
  took?: number;
  /** Requests that the model knew the answers of. */
  walked: number;
  ledger: Ledger;
  struck: Struck[];
  broken: Broken[];
}

const RECOVERY_LIMIT_MS = 30_000;
const PROGRESS_MS = 30_000;
const DIRECTIVES = 20_000;

/** Every kind once, in a random order, and again. */
function* deck(random: Random): Generator<Fault> {
  for (;;) {
    const left = [...faults];
    while (left.length > 0) yield left.splice(random.below(left.length), 1)[0] as Fault;
  }
}

async function strikeAll(scene: Scene, soak: Soak, options: SoakOptions): Promise<void> {
  const endAt = performance.now() + options.milliseconds;
  for (const fault of deck(scene.random)) {
    if (performance.now() > endAt && soak.struck.length >= faults.length) return;
    await delay(options.calmMs * (0.3 + 0.7 * scene.random.next()));
    const from = performance.now();
    await fault.strike(scene);
    const to = performance.now();
    const recoveryMs = await recovery(soak.ledger, to, RECOVERY_LIMIT_MS);
    soak.struck.push({ title: fault.title, from, to, recoveryMs });
    if (recoveryMs !== null && recoveryMs <= options.recoverWithinMs) continue;
    const detail = recoveryMs === null ? "no answer within 30 s" : `${Math.round(recoveryMs)} ms until an answer`;
    soak.broken.push({ promise: "recovery", detail: `${fault.title}: ${detail}` });
    if (recoveryMs === null) return;
  }
}

/** 503 is for the time of a fault, and for as long afterwards as recovery may take. */
function unprovoked({ ledger, struck }: Soak, withinMs: number): Broken[] {
  const isProvoked = ({ begun, ended }: Try) => struck.some(({ from, to }) => ended >= from && begun <= to + withinMs);
  return ledger.entries.flatMap(({ operation, tries }) =>
    tries
      .filter((attempt) => attempt.outcome === 503 && !isProvoked(attempt))
      .map(
        ({ requestId }): Broken => ({ promise: "recovery", requestId, detail: `${operation}: 503 without a fault` }),
      ),
  );
}

/** One step after the other, as tests/model/sequential.test.ts does. */
async function walk({ wires, secretKeys, database }: Stage, soak: Soak, milliseconds: number): Promise<void> {
  const [one = "", other = ""] = secretKeys;
  const product: Product = {
    database,
    actors: [
      { name: "secret:default", headers: { apikey: one } },
      { name: "secret:default/b", headers: { apikey: one, "x-leo-actor": "b" } },
      { name: "secret:agent", headers: { apikey: other } },
    ],
    async ask({ method, path, headers, body }) {
      const answer = await wires.send({
        method,
        path,
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      if (!answer) throw new Error("nobody hangs up here");
      return { ...answer, headers: { get: (name) => answer.headers[name] ?? null } };
    },
  };
  const effort = { seed: soak.seed, walks: Math.ceil(milliseconds / 200), steps: 200, milliseconds };
  try {
    soak.walked = (
      await walkWorlds(
        product,
        effort,
        (path) => `npm run test:soak -- --seed ${soak.seed}, which begins with it (${path})`,
      )
    ).requests;
  } catch (error) {
    soak.broken.push({ promise: "model", detail: error instanceof Error ? error.message : String(error) });
  }
}

/** Nothing of a request is left when it is over: no connection at work, no transaction open. */
async function leftovers({ wires, database }: Stage): Promise<Broken[]> {
  let detail = "";
  // An analysis that its caller has left is finished all the same; what has leaked stays.
  const idle = await until(async () => {
    const health = await wires.send({ method: "GET", path: "health", headers: {} });
    const { busy, waiting, opening } = JSON.parse(health?.text ?? "{}").pool ?? {};
    const open = await database.query(
      "select from pg_stat_activity where application_name = 'leo-functions' and state <> 'idle'",
    );
    detail = `busy ${busy}, waiting ${waiting}, opening ${opening}, ${open.length} backends not idle`;
    // The connection of health itself has been given back by the time it answers.
    return busy + waiting + opening === 0 && open.length === 0;
  });
  return idle ? [] : [{ promise: "answers", detail: `something is left of requests: ${detail}` }];
}

async function soakOn(stage: Stage, options: SoakOptions): Promise<Soak> {
  const { seed } = options;
  const [ledger, known] = [new Ledger(), new Known()];
  const soak: Soak = { seed, begun: performance.now(), walked: 0, ledger, struck: [], broken: [] };
  if (options.walkMs > 0) await walk(stage, soak, options.walkMs);
  known.directives.push(...(await createDirectives(stage.database, DIRECTIVES)));
  const crowd: CrowdOptions = {
    ...{ wires: stage.wires, ledger, known, seed, secretKeys: stage.secretKeys },
    ...{ size: options.callers, pauseMs: options.pauseMs },
  };
  const [observer] = callersOf({ ...crowd, size: 1 });
  if (!observer) throw new Error("there is no caller");
  const random = randomFrom(seed);
  const complain = (detail: string, requestId?: string) => soak.broken.push({ promise: "answers", detail, requestId });
  const scene: Scene = { stage, ledger, known, random, caller: observer, complain };

  let [loaded, beating] = [true, true];
  const ticker = setInterval(() => options.progress?.(soak), PROGRESS_MS);
  // With a row that nobody else knows of: others would pause it, or end it.
  const [beater] = callersOf({ ...crowd, known: new Known(), size: 1 });
  if (!beater) throw new Error("there is no caller");
  const beat = pulse(beater, known.directives.shift() as string, () => beating);
  const load = work(crowd, () => loaded);
  try {
    await Promise.race([strikeAll(scene, soak, options), Promise.all([load, beat])]);
    loaded = false;
    await load;
    beating = false;
    await beat;
  } finally {
    [loaded, beating] = [false, false];
    clearInterval(ticker);
    await Promise.allSettled([load, beat]);
  }
  soak.broken.push(...(await leftovers(stage)), ...unprovoked(soak, options.recoverWithinMs));
  soak.broken.push(...(await verdict(stage.database, ledger)));
  soak.took = performance.now() - soak.begun;
  return soak;
}

/** Puts a product of its own to the test. */
export const runSoak = (options: SoakOptions): Promise<Soak> => withStage((stage) => soakOn(stage, options));
