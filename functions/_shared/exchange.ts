import type { z } from "zod";
import { uuid } from "../../types/contracts/primitives.ts";
import { parseBody } from "./body.ts";
import type { Caller } from "./credentials.ts";
import { type CallOptions, callJson } from "./database.ts";
import { bodyTimeoutMs, databaseSettings, GRACE_MS, requestTimeoutMs } from "./environment.ts";
import { type Idempotency, idempotencyKeyOf, requestDigest } from "./idempotency.ts";
import { type LogEntry, statesOf } from "./log.ts";
import { invalidRequest } from "./problem.ts";
import { refusalProblem } from "./refusal.ts";
import { requestId } from "./request-id.ts";
import { Timing } from "./timing.ts";

/** Id of the entity if there is one, evidence and context as JSON. */
type TransitionArguments = [id: string | null, evidence: string, context: string];

/** What `leo.call_once` answers where it does not refuse. */
type Once = { answer: unknown; replayed?: boolean };

/** What a transition function answers, and whether it did so before. */
export interface Transitioned {
  answer: Record<string, unknown>;
  replayed: boolean;
}

/** One request on its way to its response: what a handler works with. */
export class Exchange {
  readonly requestId: string;
  readonly timing = new Timing();
  /** Filled in along the way, written at the end. */
  readonly log: LogEntry;
  /** Set once the credentials are checked; functions for anyone have none. */
  caller: Caller | undefined;
  /** The event of the route, and the parameters of its path. */
  event: string | undefined;
  params: Record<string, string> = {};
  /** Milliseconds that it may take as a whole, where the route has a limit of its own. */
  timeoutMs: number | undefined;
  #body: unknown;

  constructor(
    functionName: string,
    readonly request: Request,
  ) {
    this.requestId = requestId(request.headers);
    this.log = { request_id: this.requestId, function: functionName, method: request.method };
  }

  /** Milliseconds in which a statement has to be begun, so that its end comes in time; not above 0 if none is left. */
  timeToBegin(): number {
    const statementMs = databaseSettings().statementTimeoutMs + GRACE_MS;
    return (this.timeoutMs ?? requestTimeoutMs()) - statementMs - this.timing.total;
  }

  /** The request body as `contract` has it. @throws Problem, see `parseBody` */
  async body<T>(contract: z.ZodType<T>): Promise<T> {
    const body = await parseBody(this.request, contract, Math.min(bodyTimeoutMs(), this.timeToBegin()));
    this.#body = body;
    return body;
  }

  /** The one parameter of the path, a UUID; null where the path has none. @throws Problem `invalid_request` */
  entityId(): string | null {
    const [parameter] = Object.entries(this.params);
    if (!parameter) return null;
    const result = uuid.safeParse(parameter[1]);
    if (!result.success) throw invalidRequest([{ path: [parameter[0]], message: "Has to be a UUID" }]);
    return result.data;
  }

  /** `callJson`, timed, and begun only where somebody still waits for what comes of it. */
  call(text: string, args: (string | null)[] = []): Promise<unknown> {
    const options = { beginWithinMs: this.timeToBegin(), signal: this.request.signal };
    return this.timing.measure("db", () => callJson(text, args, options));
  }

  /**
   * Calls one of the database's functions `leo.<name>(id, request, context)` for an entity that an earlier call of
   * this request has taken. An Idempotency-Key says nothing to it. It is owed to the entity, and begun whether or not
   * somebody waits for the answer still, and whatever the time.
   *
   * @returns what it answers, a refusal too
   * @throws Problem, see `callJson`
   */
  callFor(id: string, name: string, request: unknown, options: CallOptions = {}): Promise<unknown> {
    const args = [id, JSON.stringify(request), this.#context()];
    const text = `select leo.${name}($1::uuid, $2::jsonb, $3::jsonb)`;
    return this.timing.measure("db", () => callJson(text, args, options));
  }

  /**
   * Calls one of the database's transition functions and returns what it answers. With an Idempotency-Key the
   * database calls it, or repeats its first answer; it is one round trip either way.
   *
   * @param name `leo.<name>(request, context)`, or `leo.<name>(id, request, context)` where the path has an id;
   *   the context (actor, event, request_id, a user's claims) is added here
   * @throws Problem for a refusal; see also `callJson`
   */
  async transition(name: string, request: unknown): Promise<Record<string, unknown>> {
    return (await this.transitionOnce(name, request)).answer;
  }

  /**
   * `transition`, which also tells whether the answer is that of an earlier request with the same Idempotency-Key.
   *
   * @param step where one request makes several calls: which of them, from 1, so that each is repeatable by itself
   */
  async transitionOnce(name: string, request: unknown, step?: number): Promise<Transitioned> {
    const args: TransitionArguments = [this.entityId(), JSON.stringify(request), this.#context()];
    const given = idempotencyKeyOf(this.request);
    // The first step has the caller's own key, so that it is known to whatever other route it is sent to; the others
    // have a line feed in it, which no caller's key can have.
    const key = given === undefined || step === undefined || step === 1 ? given : `${given}\n${step}`;
    const { answer: result, replayed = false } =
      key === undefined ? { answer: await this.#straight(name, args) } : await this.#repeatably(key, name, args);
    if (replayed) this.log.replayed = true;
    Object.assign(this.log, statesOf(result));
    const refusal = refusalProblem(result);
    if (refusal) throw refusal;
    // `from` is there for the log.
    const { from: _from, ...answer } = result as Record<string, unknown>;
    return { answer, replayed };
  }

  /** Who does what, for the history. */
  #context(): string {
    const { actor, claims } = this.caller ?? {};
    return JSON.stringify({ actor, event: this.event, request_id: this.requestId, claims });
  }

  #straight(name: string, [id, ...rest]: TransitionArguments): Promise<unknown> {
    if (id === null) return this.call(`select leo.${name}($1::jsonb, $2::jsonb)`, rest);
    return this.call(`select leo.${name}($1::uuid, $2::jsonb, $3::jsonb)`, [id, ...rest]);
  }

  async #repeatably(key: string, name: string, args: TransitionArguments): Promise<Once> {
    const route = `${this.log.function} ${this.log.route}`;
    const digest = await requestDigest(this.request, this.#body);
    const idempotency: Idempotency = { key, caller: this.caller?.identity ?? "", route, digest };
    const statement = "select leo.call_once($1::jsonb, $2::text, $3::uuid, $4::jsonb, $5::jsonb)";
    const once = (await this.call(statement, [JSON.stringify(idempotency), name, ...args])) as Once;
    // Without an answer it is a refusal of its own.
    return "answer" in once ? once : { answer: once };
  }
}
