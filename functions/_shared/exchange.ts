import type { z } from "zod";
import { uuid } from "../../types/contracts/primitives.ts";
import { parseBody } from "./body.ts";
import type { Caller } from "./credentials.ts";
import { callJson } from "./database.ts";
import { bodyTimeoutMs } from "./environment.ts";
import type { LogEntry } from "./log.ts";
import { invalidRequest } from "./problem.ts";
import { refusalProblem } from "./refusal.ts";
import { requestId } from "./request-id.ts";
import { Timing } from "./timing.ts";

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

  constructor(
    functionName: string,
    readonly request: Request,
  ) {
    this.requestId = requestId(request.headers);
    this.log = { request_id: this.requestId, function: functionName, method: request.method };
  }

  /** The request body as `contract` has it. @throws Problem, see `parseBody` */
  body<T>(contract: z.ZodType<T>): Promise<T> {
    return parseBody(this.request, contract, bodyTimeoutMs());
  }

  /** A path parameter that is a UUID. @throws Problem `invalid_request` */
  uuid(name: string): string {
    const result = uuid.safeParse(this.params[name]);
    if (!result.success) throw invalidRequest([{ path: [name], message: "Has to be a UUID" }]);
    return result.data;
  }

  /** `callJson`, timed. */
  call(text: string, args: (string | null)[] = []): Promise<unknown> {
    return this.timing.measure("db", () => callJson(text, args));
  }

  /**
   * Calls one of the database's transition functions and returns what it returns.
   *
   * @param text `select leo.<event>($1::…, …, $n::jsonb)`; the last parameter is the context of the transition
   *   (actor, event, request_id), which is added here
   * @throws Problem for a refusal; see also `callJson`
   */
  async transition(text: string, args: string[]): Promise<Record<string, unknown>> {
    const context = { actor: this.caller?.actor, event: this.event, request_id: this.requestId };
    const result = await this.call(text, [...args, JSON.stringify(context)]);
    this.#logStates(result);
    const refusal = refusalProblem(result);
    if (refusal) throw refusal;
    // `from` is there for the log.
    const { from: _from, ...answer } = result as Record<string, unknown>;
    return answer;
  }

  #logStates(result: unknown): void {
    const { from, session, refusal } = (result ?? {}) as Record<string, Record<string, unknown> | string | undefined>;
    const before = from ?? (refusal as Record<string, unknown> | undefined)?.current;
    const after = (session as Record<string, unknown> | undefined)?.status;
    if (typeof before === "string") this.log.from = before;
    if (typeof after === "string") this.log.to = after;
  }
}
