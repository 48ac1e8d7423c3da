/** The JWT of a user, checked by supabase-js: by the key set where it names a key of it, else by the Auth server. */

import { createContextClient } from "@supabase/server/core";
import { isAuthApiError, isAuthRetryableFetchError, type JwtPayload, type SupabaseClient } from "@supabase/supabase-js";
import { findUnstorable } from "../../types/contracts/json.ts";
import { uuid } from "../../types/contracts/primitives.ts";
import type { CredentialSettings } from "./environment.ts";
import { Problem } from "./problem.ts";
import { TimeLimitExceeded, withinTime } from "./time-limit.ts";

/** The algorithms that Supabase Auth signs with; above all not `none`. */
const ALGORITHMS: unknown[] = ["ES256", "RS256", "HS256"];

/** More than any sensible token; what is longer is not worth decoding. */
const MAX_TOKEN_LENGTH = 8_192;

/**
 * The claims of a token that is genuine, valid now, and of a signed-in user; undefined for any other.
 *
 * @throws Problem `auth_unavailable` when the Auth server would have to tell, and does not
 */
export async function userClaims(
  token: string,
  settings: CredentialSettings,
  withinMs: number,
): Promise<JwtPayload | undefined> {
  if (token.length > MAX_TOKEN_LENGTH || !ALGORITHMS.includes(algorithm(token))) return undefined;
  try {
    const { data, error } = await withinTime(withinMs, auth(settings).getClaims(token, { jwks: settings.jwks }));
    if (error) throw error;
    return data && isSignedInUser(data.claims) ? data.claims : undefined;
  } catch (error) {
    if (!isServersFault(error)) {
      // Whatever else a token makes its verifier throw is the token's fault.
      return undefined;
    }
    const detail = "The JWT could not be checked; try again shortly.";
    throw new Problem("auth_unavailable", detail, { headers: { "retry-after": "2" }, cause: error });
  }
}

function algorithm(token: string): unknown {
  try {
    const header = token.split(".", 1)[0] ?? "";
    return JSON.parse(atob(header.replaceAll("-", "+").replaceAll("_", "/")))?.alg;
  } catch {
    return undefined;
  }
}

/**
 * supabase-js checks signature and expiry only. The issuer is not looked at: it is the project's custom domain, or
 * an address outside of the network that this runs in; what tells projects apart is the key.
 */
function isSignedInUser(claims: JwtPayload): boolean {
  if (claims.role !== "authenticated" || typeof claims.exp !== "number") return false;
  // Signed by the project, a token for another audience is still somebody else's to take.
  if (![claims.aud].flat().includes("authenticated")) return false;
  if (claims.nbf !== undefined && !(claims.nbf <= Date.now() / 1000)) return false;
  // The database is shown the claims, where policies ask for them.
  return uuid.safeParse(claims.sub).success && findUnstorable(claims) === undefined;
}

/** The Auth server did not answer, failed, or would not be asked so often. */
function isServersFault(error: unknown): boolean {
  if (error instanceof TimeLimitExceeded) return true;
  return isAuthRetryableFetchError(error) || (isAuthApiError(error) && (error.status === 429 || error.status >= 500));
}

let client: SupabaseClient | undefined;

function auth(settings: CredentialSettings): SupabaseClient["auth"] {
  const { url, publishableKeys } = settings;
  client ??= createContextClient({
    env: { url, publishableKeys },
    supabaseOptions: { global: { fetch: boundedFetch(settings.authTimeoutMs) } },
  });
  return client.auth;
}

/** A fetch that ends. A failure becomes a 503, as supabase-js would print what it catches. */
function boundedFetch(ms: number): typeof fetch {
  return async (input, init) => {
    try {
      return await fetch(input, { ...init, signal: AbortSignal.timeout(ms) });
    } catch {
      return new Response(null, { status: 503 });
    }
  };
}
