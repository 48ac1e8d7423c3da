import type { Arena } from "./arena.ts";
import { type Aim, fitted, onSubject, requestOf } from "./bodies.ts";
import { misjudgement } from "./expected-refusal.ts";
import { jsonText } from "./json-text.ts";
import { inPieces, type RawBody } from "./raw-bodies.ts";
import type { Send } from "./send.ts";
import type { Target } from "./targets.ts";

/** A body as it would be sent, and what is sent instead. */
export interface RawCase {
  body: unknown;
  raw: RawBody;
  aim: Aim;
  throughGateway: boolean;
}

/** Sends it; says what is wrong with how it was judged, where it was announced as JSON. */
export async function sendRaw(arena: Arena, target: Target, theCase: RawCase, send: Send): Promise<string | undefined> {
  const { body, raw, aim, throughGateway } = theCase;
  const { operation } = target;
  const exchange = await onSubject(target, aim, (subject) => {
    const bytes = raw.bytes(jsonText(fitted(body, subject)));
    const request = requestOf(arena, operation, aim, subject, bytes);
    const { "content-type": _json, ...credentials } = request.headers;
    const pieces = raw.cuts && inPieces(bytes, raw.cuts);
    const announced = { ...request, headers: { ...credentials, ...raw.headers }, pieces };
    return send(announced, throughGateway ? arena.gateway : arena.functions);
  });
  const isJson = raw.headers["content-type"] === "application/json" && raw.headers["content-encoding"] === undefined;
  return operation.request && isJson ? misjudgement(operation.request, exchange) : undefined;
}
