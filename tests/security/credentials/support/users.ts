import type { Credential } from "./credential.ts";
import type { Cast } from "./people.ts";
import { ecToken, hmacToken, type Members, privateKeyOf } from "./tokens.ts";

/** Users who are who they say they are, and may move nothing. */
export function usersWithoutTheRole({ stack, plain, viewer }: Cast): Credential[] {
  const { publishableKey, secrets } = stack;
  const now = Math.floor(Date.now() / 1000);
  const claims = { sub: plain.id, aud: "authenticated", role: "authenticated", iat: now, exp: now + 3600 };
  const tokens: Record<string, string> = {
    "a plain user, signed in": plain.accessToken,
    "a viewer, signed in": viewer.accessToken,
  };
  const minted: Record<string, Members> = {
    "an anonymous user": { is_anonymous: true },
    "a role in user_metadata, which users can write": { user_metadata: { leo_role: "operator" } },
    "a role at the top of the claims": { leo_role: "operator" },
    "a role in other letters": { app_metadata: { leo_role: "Operator" } },
    "a role with a blank": { app_metadata: { leo_role: "operator " } },
    "a list of roles": { app_metadata: { leo_role: ["operator"] } },
    "roles under another name": { app_metadata: { role: "operator", leo_roles: ["operator"] } },
    "app_metadata that is null": { app_metadata: null },
    "app_metadata that is the role": { app_metadata: "operator" },
  };
  for (const [what, members] of Object.entries(minted)) {
    const header = { alg: "ES256", kid: secrets.signingKey.kid, typ: "JWT" };
    tokens[`ES256, ${what}`] = ecToken(header, { ...claims, ...members }, privateKeyOf(secrets.signingKey));
    tokens[`HS256, ${what}`] = hmacToken({ alg: "HS256", typ: "JWT" }, { ...claims, ...members }, secrets.jwtSecret);
  }
  const users = Object.entries(tokens).map(
    ([name, token]): Credential => ({
      name,
      headers: { apikey: publishableKey, authorization: `Bearer ${token}` },
      refusal: "forbidden",
      genuine: true,
    }),
  );
  const [first] = users as [Credential];
  const posing = { ...first.headers, "x-leo-actor": "operator" };
  return [...users, { ...first, name: "a plain user who calls himself operator", headers: posing }];
}
