import { createPublicKey, generateKeyPairSync, randomBytes, randomUUID } from "node:crypto";
import type { Credential } from "./credential.ts";
import type { Cast } from "./people.ts";
import { assembled, ecToken, encoded, hmacToken, type Members, privateKeyOf } from "./tokens.ts";

/** What Supabase's documentation and older local stacks sign with: known to everybody. */
const WELL_KNOWN_SECRET = "super-secret-jwt-token-with-at-least-32-characters-long";

/** Tokens that must let nobody in: each is an operator's but for what its name says. */
export function hostileTokens(cast: Cast): Credential[] {
  const { stack } = cast;
  const { publishableKey, secrets } = stack;
  const token = (name: string, value: string, more: Partial<Credential> = {}): Credential => ({
    name,
    headers: { apikey: publishableKey, authorization: `Bearer ${value}` },
    refusal: "unauthenticated",
    ...more,
  });
  return [
    ...withOtherClaims(cast, token),
    ...withOtherSignatures(cast, token),
    ...withOtherAlgorithms(cast, token),
    ...keyedWithThePublicKey(cast, token),
    token("a refresh token", cast.operator.refreshToken),
    token("a token of five parts", `${cast.operator.accessToken}.AA.AA`),
    token("a token of two parts", cast.operator.accessToken.split(".").slice(0, 2).join(".")),
    token("dots", ".."),
    ...legacyKeys("of this project", secrets.jwtSecret, publishableKey, true),
    ...legacyKeys("of every old local stack", WELL_KNOWN_SECRET, publishableKey),
  ];
}

type MakeCredential = (name: string, token: string, more?: Partial<Credential>) => Credential;

/** What an operator's token says. */
export function operatorClaims({ stack, operator }: Cast): Members {
  const now = Math.floor(Date.now() / 1000);
  return {
    sub: operator.id,
    aud: "authenticated",
    role: "authenticated",
    iss: `${stack.url}/auth/v1`,
    iat: now,
    exp: now + 3600,
    app_metadata: { leo_role: "operator" },
  };
}

/** Signed by the project, for nobody who may come in, or not now. */
function withOtherClaims(cast: Cast, token: MakeCredential): Credential[] {
  const { secrets } = cast.stack;
  const key = privateKeyOf(secrets.signingKey);
  const now = Math.floor(Date.now() / 1000);
  const others: Record<string, Members> = {
    expired: { exp: now - 1, iat: now - 3601 },
    "expired long ago": { exp: 1 },
    "without an expiry": { exp: undefined },
    "with an expiry that is a text": { exp: String(now + 3600) },
    "not valid yet": { nbf: now + 3600 },
    "without a user": { sub: undefined },
    "of a user that is empty": { sub: "" },
    "of a user that is no uuid": { sub: "secret:default" },
    "of a user that is a list": { sub: [cast.operator.id] },
    "of the role service_role": { role: "service_role" },
    "of the role postgres": { role: "postgres" },
    "of the role supabase_admin": { role: "supabase_admin" },
    "of the role anon": { role: "anon" },
    "of a role in capitals": { role: "AUTHENTICATED" },
    "of a list of roles": { role: ["authenticated", "service_role"] },
    "without a role": { role: undefined },
    "for another audience": { aud: "another-app" },
    "for no audience": { aud: undefined },
  };
  return Object.entries(others).flatMap(([what, members]) => {
    const claims = { ...operatorClaims(cast), ...members };
    const es256 = ecToken({ alg: "ES256", kid: secrets.signingKey.kid, typ: "JWT" }, claims, key);
    const hs256 = hmacToken({ alg: "HS256", typ: "JWT" }, claims, secrets.jwtSecret);
    return [token(`ES256, ${what}`, es256, { genuine: true }), token(`HS256, ${what}`, hs256, { genuine: true })];
  });
}

/** Of the right form, and not signed by the project, or not for these claims. */
function withOtherSignatures(cast: Cast, token: MakeCredential): Credential[] {
  const { stack, operator, plain } = cast;
  const claims = operatorClaims(cast);
  const own = { alg: "ES256", kid: stack.secrets.signingKey.kid, typ: "JWT" };
  const good = ecToken(own, claims, privateKeyOf(stack.secrets.signingKey));
  const [goodHeader, goodClaims, goodSignature = ""] = good.split(".");
  const withSignature = (signature: string) => `${goodHeader}.${goodClaims}.${signature}`;
  const other = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = other.publicKey.export({ format: "jwk" });
  const elsewhere = { ...claims, iss: "https://another-project.supabase.co/auth/v1" };
  const [plainHeader, , plainSignature = ""] = plain.accessToken.split(".");
  const promoted = { ...claims, sub: plain.id };
  const tokens: Record<string, string> = {
    "of another project, under the same key id": ecToken(own, elsewhere, other.privateKey),
    "of another project, under its own key id": ecToken({ ...own, kid: "theirs" }, elsewhere, other.privateKey),
    "of another project, without a key id": ecToken({ alg: "ES256" }, elsewhere, other.privateKey),
    "of another project, HS256": hmacToken({ alg: "HS256", typ: "JWT" }, elsewhere, randomBytes(48)),
    "that brings its own key": ecToken({ ...own, kid: "mine", jwk }, claims, other.privateKey),
    "that brings its own key under the same key id": ecToken({ ...own, jwk }, claims, other.privateKey),
    "that says where its key is": ecToken({ ...own, kid: "mine", jku: `${stack.url}/jwks` }, claims, other.privateKey),
    "with a key id that is a path": ecToken({ ...own, kid: "../../../../dev/null" }, claims, other.privateKey),
    "with a key id that is a list": ecToken({ ...own, kid: [own.kid] }, claims, other.privateKey),
    "with a signature of zeros": withSignature(Buffer.alloc(64).toString("base64url")),
    "with a signature in part": withSignature(goodSignature.slice(0, 43)),
    "with a signature and more": withSignature(`${goodSignature}AAAA`),
    "without a signature": withSignature(""),
    "with one bit of the signature changed": withSignature(
      `${goodSignature[0] === "A" ? "B" : "A"}${goodSignature.slice(1)}`,
    ),
    "with the signature of other claims": assembled(own, { ...claims, exp: Number(claims.exp) + 1 }, goodSignature),
    "of a plain user who made an operator of himself": `${plainHeader}.${encoded(promoted)}.${plainSignature}`,
    "of an operator, signed for a plain user": `${operator.accessToken.split(".").slice(0, 2).join(".")}.${plainSignature}`,
    "signed with a wrong secret": hmacToken(
      { alg: "HS256" },
      claims,
      "a-wrong-secret-that-is-long-enough-to-sign-with",
    ),
    "signed with an empty secret": hmacToken({ alg: "HS256" }, claims, ""),
    "signed with a secret that everybody knows": hmacToken({ alg: "HS256" }, claims, WELL_KNOWN_SECRET),
    "signed with a secret key": hmacToken({ alg: "HS256" }, claims, stack.secretKey),
    "signed with the publishable key": hmacToken({ alg: "HS256" }, claims, stack.publishableKey),
    "of nobody, by its right signature": hmacToken({ alg: "HS256" }, { ...claims, sub: randomUUID() }, "x"),
  };
  return Object.entries(tokens).map(([what, value]) => token(`a token ${what}`, value));
}

/** Whose header names an algorithm that is none, or not the key's. */
function withOtherAlgorithms(cast: Cast, token: MakeCredential): Credential[] {
  const { kid } = cast.stack.secrets.signingKey;
  const { jwtSecret } = cast.stack.secrets;
  const key = privateKeyOf(cast.stack.secrets.signingKey);
  const claims = operatorClaims(cast);
  const hmac = hmacToken({ alg: "HS256" }, claims, jwtSecret).split(".")[2] ?? "";
  const none = ["none", "None", "NONE", "nOnE", "", null].flatMap((alg) => [
    token(`alg ${JSON.stringify(alg)}, without a signature`, assembled({ alg }, claims, "")),
    token(`alg ${JSON.stringify(alg)} with a key id, without a signature`, assembled({ alg, kid }, claims, "")),
    token(`alg ${JSON.stringify(alg)}, with a signature`, assembled({ alg }, claims, hmac)),
  ]);
  const swapped: Record<string, string> = {
    "RS256 on an ES256 token": ecToken({ alg: "RS256", kid }, claims, key),
    "HS256 on an ES256 token": ecToken({ alg: "HS256", kid }, claims, key),
    "ES384 on an ES256 token": ecToken({ alg: "ES384", kid }, claims, key),
    "PS256 on an ES256 token": ecToken({ alg: "PS256", kid }, claims, key),
    "es256 on an ES256 token": ecToken({ alg: "es256", kid }, claims, key),
    "no alg on an ES256 token": ecToken({ kid }, claims, key),
    "ES256 on an HS256 token": hmacToken({ alg: "ES256", kid }, claims, jwtSecret),
    "ES256 on an HS256 token without a key id": hmacToken({ alg: "ES256" }, claims, jwtSecret),
    "HS512, which is not offered": hmacToken({ alg: "HS512" }, claims, jwtSecret, "sha512"),
    "a header that is a list": `${encoded(["ES256"])}.${encoded(claims)}.${hmac}`,
    "claims that are a list": `${encoded({ alg: "HS256" })}.${encoded([claims])}.${hmac}`,
    "the name of a method": assembled({ alg: "constructor", kid }, claims, hmac),
  };
  return [...none, ...Object.entries(swapped).map(([what, value]) => token(`alg: ${what}`, value))];
}

/** HS256 with what everybody can read as its secret: the public key, in whatever form. */
function keyedWithThePublicKey(cast: Cast, token: MakeCredential): Credential[] {
  const { d: _private, ...jwk } = cast.stack.secrets.signingKey;
  const publicKey = createPublicKey({ key: jwk as never, format: "jwk" });
  const forms: Record<string, string | Buffer> = {
    "the key as JSON": JSON.stringify(jwk),
    "the key set as JSON": JSON.stringify({ keys: [jwk] }),
    "the key in PEM": publicKey.export({ type: "spki", format: "pem" }),
    "the key in PEM without its last line break": publicKey.export({ type: "spki", format: "pem" }).toString().trim(),
    "the key in DER": publicKey.export({ type: "spki", format: "der" }),
    "its coordinate x": String(jwk.x),
    "the bytes of its coordinate x": Buffer.from(String(jwk.x), "base64url"),
    "its id": String(jwk.kid),
  };
  return Object.entries(forms).flatMap(([what, secret]) => [
    token(`HS256 by ${what}`, hmacToken({ alg: "HS256" }, operatorClaims(cast), secret)),
    token(`HS256 by ${what}, with its id`, hmacToken({ alg: "HS256", kid: jwk.kid }, operatorClaims(cast), secret)),
  ]);
}

/**
 * Supabase's keys before `sb_…`: JWTs of a role. The functions do not take them, also not those of this project:
 * they have no name for the history, and cannot be taken back one by one.
 */
function legacyKeys(whose: string, secret: string, publishableKey: string, genuine?: true): Credential[] {
  return ["anon", "service_role"].flatMap((role) => {
    const claims = { iss: "supabase", ref: "leo", role, iat: 1_700_000_000, exp: 4_000_000_000 };
    const key = hmacToken({ alg: "HS256", typ: "JWT" }, claims, secret);
    const authorization = `Bearer ${key}`;
    const places: Record<string, Record<string, string>> = {
      apikey: { apikey: key },
      both: { apikey: key, authorization },
      Authorization: { apikey: publishableKey, authorization },
    };
    return Object.entries(places).map(
      ([place, headers]): Credential => ({
        name: `the legacy ${role} key ${whose}, in ${place}`,
        headers,
        refusal: "unauthenticated",
        ...(genuine ? { genuine } : {}),
      }),
    );
  });
}
