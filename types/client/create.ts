import { routes } from "../contracts/routes.ts";
import type { FunctionsCaller, PreparedRequest } from "./attempt.ts";
import { call } from "./call.ts";
import type { ControlPlane } from "./control-plane.ts";
import { limitsOf } from "./limits.ts";
import type { CallOptions, ControlPlaneOptions } from "./options.ts";
import { uuid } from "./uuid.ts";

/**
 * The HTTP API as methods, in browsers, Node.js and Deno.
 *
 * Every call goes through `supabase.functions`, and so has the URL, headers, key and session of that client: one
 * with a secret key, or one whose user is signed in (an operator; for metrics any user). Reads are not part of
 * this: they are plain supabase-js.
 *
 * Writes carry an `Idempotency-Key` and are sent again, with the same key, where nothing is answered, or 503, or only
 * a gateway answers that it could not reach the functions.
 *
 * @param supabase a supabase-js client
 */
export function createControlPlane(supabase: FunctionsCaller, options: ControlPlaneOptions = {}): ControlPlane {
  const { actor, onRetry, ...limits } = options;

  const methodOf = (route: string) => {
    const [verb, pattern = ""] = route.split(" /");
    const method = verb as PreparedRequest["method"];
    const isWrite = method !== "GET";
    return async (...args: unknown[]): Promise<unknown> => {
      const path = pattern.replace(/:\w+/, () => pathSegment(args.shift()));
      // As text, so that the caller may change the object between two attempts; and what is no JSON throws here.
      const body = isWrite ? JSON.stringify(args.shift() ?? {}) : undefined;
      const given = (args.shift() ?? {}) as CallOptions;
      const requestId = given.requestId ?? uuid();
      const idempotencyKey = isWrite ? (given.idempotencyKey ?? uuid()) : undefined;
      const headers = sendable({
        "content-type": isWrite && "application/json",
        "x-request-id": requestId,
        "idempotency-key": idempotencyKey,
        "x-leo-actor": actor,
      });
      const settings = {
        ...limitsOf(route),
        ...defined(limits),
        ...defined(given),
        onRetry,
        requestId,
        idempotencyKey,
      };
      return call(supabase, { method, path, headers, body }, settings);
    };
  };

  const groups = mapValues(routes, (named) => mapValues<string, unknown>(named, methodOf));
  // The same table, by types: see ControlPlane.
  return groups as unknown as ControlPlane;
}

/** @throws TypeError for an id that would lead to another path */
function pathSegment(id: unknown): string {
  const segment = encodeURIComponent(String(id));
  if (/^\.{0,2}$/.test(segment)) throw new TypeError("An id has to be a UUID");
  return segment;
}

/** The headers that are there. @throws TypeError for what no header can hold, rather than a failed attempt later */
function sendable(headers: Record<string, string | false | undefined>): Record<string, string> {
  const there = Object.entries(headers).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  new Headers(there);
  return Object.fromEntries(there);
}

/** Without what is undefined, which would otherwise take the place of a default. */
function defined<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}

function mapValues<V, R>(object: Record<string, V>, map: (value: V) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value)]));
}
