/** Walks a world step by step: what the product answers is what the model says, each time. */

import { operations } from "../../../types/contracts/operations.ts";
import { problemSchema } from "../../../types/contracts/problems.ts";
import { checkpointMoves } from "./checkpoints.ts";
import type { Database } from "./database.ts";
import { differences } from "./differences.ts";
import { generationMoves } from "./generations.ts";
import { handoffMoves } from "./handoffs.ts";
import { otherMoves } from "./metrics.ts";
import { type Answer, type Expected, type Move, refused } from "./move.ts";
import { passings } from "./passing-time.ts";
import { runMoves } from "./runs.ts";
import { sessionMoves } from "./sessions.ts";
import type { Step } from "./steps.ts";
import type { Moved, World } from "./world.ts";

/** Somebody who can ask. */
export interface Actor {
  /** As the history names it. */
  name: string;
  headers: Record<string, string>;
}

/** A request as it is sent, below /functions/v1/. */
export interface Sent {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: unknown;
}

/** What came back. */
export interface Answered {
  status: number;
  headers: { get(name: string): string | null };
  text: string;
}

/** The way to the product. */
export interface Product {
  database: Database;
  actors: Actor[];
  ask(request: Sent): Promise<Answered>;
}

/** What came of a walk, beside its not having failed. */
export interface Walked {
  /** How often each operation was carried out, and refused; by operation, and by operation and code. */
  done: Map<string, number>;
  refused: Map<string, number>;
  /** How many requests were sent. */
  requests: number;
}

const moves: Record<Exclude<Step["about"], "time" | "again">, (world: World) => Move[]> = {
  sessions: sessionMoves,
  checkpoints: checkpointMoves,
  handoffs: handoffMoves,
  runs: runMoves,
  generations: generationMoves,
  others: otherMoves,
};

const contracts = new Map(operations.map((found) => [`${found.function} ${found.method} ${found.path}`, found.answer]));

const count = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);

export class Walk {
  readonly result: Walked = { done: new Map(), refused: new Map(), requests: 0 };
  /** What the history has to have, one line a row. */
  readonly history: string[] = [];
  /** What has happened, for people. */
  readonly #told: string[] = [];
  readonly #seen = new Map<string, number>();
  readonly #repeatable: { sent: Sent; answered: Answered }[] = [];

  constructor(
    readonly product: Product,
    readonly world: World,
  ) {}

  /** @throws Error with the story so far, where the product does not do as the model */
  async take(step: Step): Promise<void> {
    if (step.about === "time") return this.#passTime(step);
    if (step.about === "again") return this.#again(step);
    const actor = this.product.actors[step.actor % this.product.actors.length] as Actor;
    const all = step.mode === "new" ? Object.values(moves) : [moves[step.about]];
    const move = this.#chosen(
      all.flatMap((movesOf) => movesOf(this.world)),
      step,
      actor,
    );
    if (!move) return;
    const situation = situationOf(move);
    const { body, expected } = this.#fenced(move, step, actor);
    const sent: Sent = { method: methodOf(move), path: move.path, body, headers: { ...actor.headers } };
    const repeatable = step.keyed && sent.method !== "GET";
    if (repeatable) sent.headers["idempotency-key"] = `${this.world.id} ${this.result.requests}`;
    const { answered, requestId } = await this.#ask(sent, actor);
    this.#compare(move, expected, answered);
    if (repeatable) this.#repeatable.push({ sent, answered });
    if (expected.code) {
      count(this.result.refused, `${move.operation} ${expected.code}`);
      return;
    }
    count(this.result.done, move.operation);
    count(this.#seen, situation);
    for (const moved of expected.apply?.(JSON.parse(answered.text) as Answer) ?? []) {
      this.history.push(historyLine(requestId, moved, moved.actor ?? actor.name));
    }
  }

  #chosen(all: Move[], { mode, pick }: Step, actor: Actor): Move | undefined {
    const legal = mode === "any" ? all : all.filter((move) => move.expect(actor.name).status < 300);
    const seen = (move: Move) => this.#seen.get(situationOf(move)) ?? 0;
    const least = mode === "new" ? Math.min(...legal.map(seen)) : undefined;
    const fitting = least === undefined ? legal : legal.filter((move) => seen(move) === least);
    return fitting[pick % fitting.length];
  }

  /** With an attempt, the present one or another, where the step says so and the move is fenced. */
  #fenced(move: Move, { attempt }: Step, actor: Actor): { body: Move["body"]; expected: Expected } {
    const expected = move.expect(actor.name);
    if (move.attempt === undefined || attempt === "none") return { body: move.body, expected };
    if (attempt === "present") return { body: { ...move.body, attempt: move.attempt }, expected };
    const stale = refused("stale_attempt", 412, { attempt: move.attempt });
    return { body: { ...move.body, attempt: move.attempt + 1 }, expected: stale };
  }

  async #passTime({ pick }: Step): Promise<void> {
    const all = passings(this.world);
    const passing = all[pick % all.length];
    if (!passing) return;
    this.#told.push(`(time) ${passing.title}`);
    await passing.pass(this.product.database);
  }

  /** The same request once more has the same answer; another one with its key has none. */
  async #again({ pick }: Step): Promise<void> {
    const before = this.#repeatable[pick % this.#repeatable.length];
    if (!before) return;
    const { sent, answered: first } = before;
    const actor = this.product.actors.find(({ headers }) => headers.authorization === sent.headers.authorization);
    if (pick % 4 === 0) {
      const other = { ...sent, method: "POST", path: "telemetry-runs", body: { scope_id: "another request" } };
      const { answered } = await this.#ask(other, actor);
      this.#compare(undefined, refused("idempotency_mismatch", 422), answered);
      return;
    }
    const { answered } = await this.#ask(sent, actor);
    if (answered.headers.get("idempotency-replayed") !== "true") this.#fail("it was not answered as a repetition");
    if (answered.status !== first.status) this.#fail(`it was ${first.status}, and is ${answered.status} now`);
    const whatItSays = (text: string) => JSON.stringify({ ...JSON.parse(text), request_id: undefined });
    if (whatItSays(answered.text) !== whatItSays(first.text)) this.#fail(`the first answer was ${first.text}`);
  }

  async #ask(sent: Sent, actor: Actor | undefined): Promise<{ answered: Answered; requestId: string }> {
    this.result.requests += 1;
    const requestId = `${this.world.id}:${this.result.requests}`;
    const key = sent.headers["idempotency-key"] ? " (with a key)" : "";
    this.#told.push(`${actor?.name} ${sent.method} ${sent.path} ${JSON.stringify(sent.body ?? null)}${key}`);
    const answered = await this.product.ask({ ...sent, headers: { ...sent.headers, "x-request-id": requestId } });
    this.#told.push(`  ${answered.status} ${answered.text.slice(0, answered.status < 300 ? 120 : 300)}`);
    if (answered.headers.get("x-request-id") !== requestId) this.#fail("it has another x-request-id");
    return { answered, requestId };
  }

  #compare(move: Move | undefined, expected: Expected, { status, text }: Answered): void {
    if (status !== expected.status) this.#fail(`the model says ${expected.status} ${expected.code ?? ""}`);
    const body: unknown = JSON.parse(text);
    const contract = expected.code ? problemSchema : move && contracts.get(move.operation);
    const parsed = contract?.safeParse(body);
    if (!parsed?.success) this.#fail(`it is not what the contract says: ${parsed?.error.message}`);
    const says = expected.code ? { ...expected.says, code: expected.code } : (expected.says ?? {});
    const [difference] = differences(body, says);
    if (difference) this.#fail(`the model says otherwise: ${difference}`);
  }

  #fail(what: string): never {
    throw new Error(`${what}, after\n${this.#told.slice(-40).join("\n")}`);
  }
}

const methodOf = ({ operation }: Move) => operation.split(" ")[1] as string;

const situationOf = ({ operation, situation = "" }: Move) => `${operation} ${situation}`;

/** A row of the history, as a line. */
export const historyLine = (requestId: string, { machine, id, event, from, to }: Moved, actor: string) =>
  `${requestId} ${machine} ${id} ${event}: ${from} → ${to} by ${actor}`;
