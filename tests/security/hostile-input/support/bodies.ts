/** Bodies on their way to a row: what they refer to is there, or it is not. */

import fc from "fast-check";
import type { Operation } from "../../../../types/contracts/operations.ts";
import type { Arena, Exchange } from "./arena.ts";
import type { HttpRequest } from "./http-client.ts";
import { jsonText } from "./json-text.ts";
import type { Send } from "./send.ts";
import { pathOf, type Readiness, type Subject, type Target } from "./targets.ts";

/** Everything about a request but its body. */
export interface Aim {
  readiness: Readiness;
  /** Which of those who may call. */
  caller: number;
  /** Whether fields that refer to something refer to what is there, and evidence is as it has to be. */
  fitting: boolean;
}

/** @param share of the requests, in percent, that may succeed */
export function aims(share: number): fc.Arbitrary<Aim> {
  const caller = fc.nat(11);
  return fc.oneof(
    {
      weight: share,
      arbitrary: fc.record({ readiness: fc.constant("ready" as const), caller, fitting: fc.constant(true) }),
    },
    {
      weight: 100 - share,
      arbitrary: fc.record({ readiness: fc.constantFrom("ready", "other", "absent"), caller, fitting: fc.boolean() }),
    },
  );
}

/** The request of an operation on a subject, with this body. */
export function requestOf(
  arena: Arena,
  operation: Operation,
  aim: Aim,
  subject: Subject,
  body?: Uint8Array,
): HttpRequest {
  const headers = { "content-type": "application/json", ...arena.credentials(operation, aim.caller) };
  return { method: operation.method, path: pathOf(operation, subject.id), headers, body };
}

/** Takes a subject for as long as `work` takes, and keeps it where nothing came of it. */
export async function onSubject(
  target: Target,
  { readiness }: Aim,
  work: (subject: Subject) => Promise<Exchange>,
): Promise<Exchange> {
  const subject = await target.take(readiness);
  const exchange = await work(subject);
  if (exchange.answer.status >= 400) target.giveBack(readiness, subject);
  return exchange;
}

/** Sends a JSON value, perhaps with what makes it fit. */
export function sendBody(arena: Arena, target: Target, aim: Aim, body: unknown, send: Send): Promise<Exchange> {
  return onSubject(target, aim, (subject) => {
    const text = jsonText(aim.fitting ? fitted(body, subject) : body);
    return send(requestOf(arena, target.operation, aim, subject, Buffer.from(text)));
  });
}

/** A body that refers to what is there wherever it refers to anything, and brings the evidence asked for. */
export function fitted(body: unknown, { references, evidence }: Subject): unknown {
  const referring = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(referring);
    if (!isPlain(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, inside]) => {
        const reference = Object.hasOwn(references, name) && inside !== null ? references[name] : undefined;
        return [name, reference ?? (name === "metrics" ? referring(inside) : inside)];
      }),
    );
  };
  const referred = referring(body);
  return isPlain(referred) ? Object.fromEntries([...Object.entries(referred), ...Object.entries(evidence)]) : referred;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value));
}
