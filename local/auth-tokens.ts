import { jwtVerify, SignJWT } from "jose";

type Handler = (request: Request) => Promise<Response>;

interface TokenAnswer {
  access_token?: string;
  user?: { app_metadata?: unknown; user_metadata?: unknown };
}

const issuesTokens = /^\/auth\/v1\/(token|signup|verify)\/?$/;

/**
 * Completes the access tokens of the local Auth server with the claims that hosted Auth puts into every token
 * and the local one leaves out: `app_metadata` (which carries `leo_role`) and `user_metadata`.
 * The tokens stay what they are otherwise: HS256, same secret, same expiry.
 */
export function withMetadataClaims(next: Handler, jwtSecret: string): Handler {
  const key = new TextEncoder().encode(jwtSecret);
  return async (request) => {
    const response = await next(request);
    if (!response.ok || !issuesTokens.test(new URL(request.url).pathname)) return response;
    const answer = (await response.json()) as TokenAnswer;
    if (answer.access_token && answer.user) {
      const { payload } = await jwtVerify(answer.access_token, key, { algorithms: ["HS256"] });
      const { app_metadata = {}, user_metadata = {} } = answer.user;
      answer.access_token = await new SignJWT({ ...payload, app_metadata, user_metadata })
        .setProtectedHeader({ alg: "HS256", typ: "JWT" })
        .sign(key);
    }
    const headers = new Headers(response.headers);
    headers.delete("content-length");
    return Response.json(answer, { status: response.status, headers });
  };
}

/** What a request may be in the database; hosted, the Data API's login role is a member of these and no others. */
const apiRoles: unknown[] = ["anon", "authenticated", "service_role"];

/**
 * Refuses genuine tokens that name another role, as PostgREST does. The local Data API connects as the owner, who
 * may become anybody, and would become whom the token names.
 */
export function withApiRolesOnly(next: Handler, jwtSecret: string): Handler {
  const key = new TextEncoder().encode(jwtSecret);
  return async (request) => {
    const token = /^Bearer\s+(\S+)\s*$/i.exec(request.headers.get("authorization") ?? "")?.[1];
    if (token && new URL(request.url).pathname.startsWith("/rest/v1/")) {
      // What cannot be verified is refused further on.
      const verified = await jwtVerify(token, key, { algorithms: ["HS256"] }).catch(() => undefined);
      const role = verified?.payload.role;
      if (role !== undefined && !apiRoles.includes(role)) {
        const body = { code: "42501", details: null, hint: null, message: "permission denied to set role" };
        return Response.json(body, { status: 403, headers: { "access-control-allow-origin": "*" } });
      }
    }
    return next(request);
  };
}
