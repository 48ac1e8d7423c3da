/** What the client looks like: a method for every operation, its types taken from the contracts. */

import type { z } from "zod";
import type { OperationContracts } from "../contracts/operations.ts";
import type { Routes } from "../contracts/routes.ts";
import type { CallOptions } from "./options.ts";

/** The id in a path, where it has one. */
type IdArgument<Route> = Route extends `${string}/:${string}` ? [id: string] : [];

/** The body, which may be left out where none of its fields has to be there. */
type RequestArgument<Contract> = Contract extends { request: infer Request extends z.ZodType }
  ? Record<never, never> extends z.input<Request>
    ? [request?: z.input<Request>]
    : [request: z.input<Request>]
  : [];

type Answer<Contract> = Contract extends { answer: infer Schema extends z.ZodType } ? z.output<Schema> : never;

type Method<Route, Contract> = (
  ...args: [...IdArgument<Route>, ...RequestArgument<Contract>, options?: CallOptions]
) => Promise<Answer<Contract>>;

/** A group of operations, such as those of sessions. */
type Group<Named, Contracts> = {
  readonly [N in keyof Named]: N extends keyof Contracts ? Method<Named[N], Contracts[N]> : never;
};

/**
 * The operations of the HTTP API. Each takes the id of the row where it is about one, the request, and options;
 * it resolves with the answer, and rejects with a `ControlPlaneError` or with the reason of an abort.
 */
export type ControlPlane = { readonly [G in keyof Routes]: Group<Routes[G], OperationContracts[G]> };
