/** What requests and responses have besides their bodies: credentials, headers, limits. */

import { z } from "zod";
import { actorLabel, idempotencyKey, MAX_BODY_BYTES, MAX_JSON_DEPTH, requestId } from "../../types/contracts/index.ts";
import type { Operation } from "../../types/contracts/operations.ts";
import { type CommentedFile, exportedAs } from "./comments.ts";

/** What operations for operators ask for besides a token. */
export const operatorRole =
  "Operations for operators ask for the role `operator` or `chairman` in `app_metadata.leo_role`.";

/** Ways to show who calls, as OpenAPI names them. */
export const securitySchemes = {
  secretKey: {
    type: "apiKey",
    in: "header",
    name: "apikey",
    description: "A named secret key, `sb_secret_…`. Its name is the actor that the history records.",
  },
  publishableKey: {
    type: "apiKey",
    in: "header",
    name: "apikey",
    description: "A publishable key, `sb_publishable_…`, along with the JWT of a user.",
  },
  userToken: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: `The access token of a signed-in user, along with a publishable key. ${operatorRole}`,
  },
};

/** Who may call, in words. */
export const callersInWords: Record<Operation["callers"], string> = {
  operators: "services and operators",
  users: "services, and any signed-in user, who writes under row level security",
  anyone: "anyone, without credentials",
};

/** What each kind of caller shows: any of these sets. */
export function securityOf({ callers }: Operation): Record<string, never[]>[] {
  return callers === "anyone" ? [] : [{ secretKey: [] }, { publishableKey: [], userToken: [] }];
}

const MIB = 1_048_576;

/** What every body keeps to. */
export const bodyLimits = `At most ${MAX_BODY_BYTES / MIB} MiB of JSON, nested at most ${MAX_JSON_DEPTH} levels deep.`;

/** Headers that a request may have, by the names of their contracts. */
const requestHeaders = {
  idempotencyKey: { name: "Idempotency-Key", contract: idempotencyKey },
  actorLabel: { name: "x-leo-actor", contract: actorLabel },
  requestId: { name: "x-request-id", contract: requestId },
};

/** A parameter of OpenAPI. */
export interface HeaderParameter {
  name: string;
  in: "header";
  required: false;
  description: string;
  schema: object;
}

/** The headers that requests may have, by the names that operations refer to them by. */
export function headerParameters(comments: CommentedFile[]): Record<keyof typeof requestHeaders, HeaderParameter> {
  const entries = Object.entries(requestHeaders).map(([key, { name, contract }]) => {
    const description = exportedAs(comments, key)?.entry.text;
    if (description === undefined) throw new Error(`${key} has no doc comment`);
    const { $schema: _schema, ...schema } = z.toJSONSchema(contract);
    return [key, { name, in: "header", required: false, description, schema }];
  });
  return Object.fromEntries(entries);
}

/** Which of them an operation heeds. */
export function headersOf({ method, callers }: Operation): (keyof typeof requestHeaders)[] {
  const repeatable = method === "GET" ? [] : (["idempotencyKey"] as const);
  const named = callers === "anyone" ? [] : (["actorLabel"] as const);
  return [...repeatable, ...named, "requestId"];
}

const text = { type: "string" };

/** Headers that responses have, by the names that responses refer to them by. */
export const responseHeaders = {
  requestId: {
    name: "x-request-id",
    required: true,
    description: "The request's own, or a new one: finds the request in log and history.",
    schema: text,
  },
  serverTiming: {
    name: "server-timing",
    required: true,
    description: "Milliseconds for credentials, database, and in all: `auth;dur=1.20, db;dur=3.40, total;dur=5.10`.",
    schema: text,
  },
  replayed: {
    name: "idempotency-replayed",
    description: "`true` where an earlier request with the same `Idempotency-Key` has been answered so; else absent.",
    schema: { type: "string", const: "true" },
  },
  retryAfter: {
    name: "retry-after",
    required: true,
    description: "Seconds after which to try again, with the same `Idempotency-Key` where there is one.",
    schema: { type: "string", pattern: "^[0-9]+$" },
  },
  authenticate: { name: "www-authenticate", required: true, description: "`Bearer`.", schema: text },
} as const;

/** References to headers of responses, by their names on the wire. */
export function headerReferences(keys: (keyof typeof responseHeaders)[]): Record<string, { $ref: string }> {
  return Object.fromEntries(keys.map((key) => [responseHeaders[key].name, { $ref: `#/components/headers/${key}` }]));
}
