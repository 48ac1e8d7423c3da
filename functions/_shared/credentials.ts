/** Who is calling: a holder of a secret key, or a signed-in user. */

import { extractCredentials } from "@supabase/server/core";
import type { JwtPayload } from "@supabase/supabase-js";
import { actorLabel } from "../../types/contracts/headers.ts";
import { keyName } from "./api-keys.ts";
import { credentialSettings } from "./environment.ts";
import { invalidRequest, Problem } from "./problem.ts";
import { userClaims } from "./user-token.ts";

/** An authenticated caller. */
export interface Caller {
  /** For history and log: `secret:<key name>`, `secret:<key name>/<label>` or `user:<uuid>`. */
  actor: string;
  /** The actor without its label: whose idempotency keys these are. */
  identity: string;
  /** Of a user as whom the database does the work, under RLS; absent where it does it as the service. */
  claims?: JwtPayload;
}

/** `operators` hold a secret key or have a role that may move things; `users` are signed in, whoever they are. */
export type CallerKind = "operators" | "users";

/** Roles of users who may move things. */
const TRANSITION_ROLES: unknown[] = ["operator", "chairman"];

/**
 * The caller, who is of the kind asked for. Holders of a secret key are of each.
 *
 * A valid secret key decides alone: gateways and supabase-js put something into Authorization beside it.
 *
 * @param withinMs milliseconds that it may take
 * @throws Problem `unauthenticated`, `forbidden`, `auth_unavailable`, or `invalid_request` for a bad label
 */
export async function authenticate(request: Request, kind: CallerKind, withinMs: number): Promise<Caller> {
  const settings = credentialSettings();
  const { apikey, token } = extractCredentials(request);
  const secretName = keyName(apikey, settings.secretKeys);
  if (secretName !== undefined) {
    const identity = `secret:${secretName}`;
    return { actor: `${identity}${label(request)}`, identity };
  }
  // First: supabase-js sends the key in Authorization as well.
  if (apikey?.startsWith("sb_secret_")) {
    throw unauthenticated("The secret key in the header apikey is none of this project's.");
  }
  if (token?.startsWith("sb_secret_")) {
    throw unauthenticated("Send the secret key in the header apikey; Authorization is for the JWT of a user.");
  }
  if (keyName(apikey, settings.publishableKeys) === undefined) {
    throw unauthenticated("Send a secret key in the header apikey, or a publishable one along with a user's JWT.");
  }
  if (!token || token.startsWith("sb_")) {
    throw unauthenticated("A publishable key alone is not enough: add Authorization: Bearer with a user's JWT.");
  }
  const claims = await userClaims(token, settings, withinMs);
  if (!claims) throw unauthenticated("The JWT is not valid, or no longer.");
  const identity = `user:${claims.sub}`;
  if (kind === "users") return { actor: identity, identity, claims };
  if (!TRANSITION_ROLES.includes(claims.app_metadata?.leo_role)) {
    throw new Problem("forbidden", "This needs a user whose app_metadata.leo_role is operator or chairman.");
  }
  return { actor: identity, identity };
}

/** What the caller calls itself, as an addition to the key's name. */
function label(request: Request): string {
  const given = request.headers.get("x-leo-actor");
  if (given === null) return "";
  if (actorLabel.safeParse(given).success) return `/${given}`;
  throw invalidRequest([{ path: ["x-leo-actor"], message: "Has to be 1 to 64 of A-Z a-z 0-9 _ . : -" }]);
}

function unauthenticated(detail: string): Problem {
  return new Problem("unauthenticated", detail, { headers: { "www-authenticate": "Bearer" } });
}
