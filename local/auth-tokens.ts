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
