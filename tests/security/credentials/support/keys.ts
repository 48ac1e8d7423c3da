import type { Credential } from "./credential.ts";
import type { Cast } from "./people.ts";

const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;

/** The text with one character changed. */
function changedAt(text: string, index: number): string {
  return `${text.slice(0, index)}${text[index] === "x" ? "y" : "x"}${text.slice(index + 1)}`;
}

/** Keys that are wrong, or right ones where they do not belong; and a good token without a key. */
export function hostileKeys({ stack, operator }: Cast): Credential[] {
  const { secretKey, publishableKey, secrets } = stack;
  const bearer = `Bearer ${operator.accessToken}`;
  const by: Record<string, Record<string, string>> = {
    "no key": {},
    "an empty key": { apikey: "" },
    "the publishable key in apikey": { apikey: publishableKey },
    "the publishable key in Authorization": { authorization: `Bearer ${publishableKey}` },
    "the publishable key in both": { apikey: publishableKey, authorization: `Bearer ${publishableKey}` },
    "an unknown publishable key": { apikey: `sb_publishable_${"x".repeat(32)}` },
    "an unknown secret key": { apikey: `sb_secret_${"x".repeat(32)}` },
    "a secret key's prefix": { apikey: "sb_secret_" },
    "a secret key with its first character changed": { apikey: changedAt(secretKey, 0) },
    "a secret key with a character in the middle changed": { apikey: changedAt(secretKey, secretKey.length >> 1) },
    "a secret key with its last character changed": { apikey: changedAt(secretKey, secretKey.length - 1) },
    "a secret key without its first character": { apikey: secretKey.slice(1) },
    "a secret key without its last character": { apikey: secretKey.slice(0, -1) },
    "a secret key with a character more": { apikey: `${secretKey}A` },
    "a secret key in capitals": { apikey: secretKey.toUpperCase() },
    "a secret key in quotes": { apikey: `"${secretKey}"` },
    "a secret key twice": { apikey: `${secretKey}, ${secretKey}` },
    "a secret key after the word Bearer": { apikey: `Bearer ${secretKey}` },
    "a secret key in base64": { apikey: Buffer.from(secretKey).toString("base64") },
    "the name of a secret key": { apikey: "default" },
    "the database's password": { apikey: secrets.databasePassword },
    "the JWT secret": { apikey: secrets.jwtSecret },
    "a secret key in Authorization": { authorization: `Bearer ${secretKey}` },
    "a secret key in Authorization beside the publishable one": {
      apikey: publishableKey,
      authorization: `Bearer ${secretKey}`,
    },
    "a secret key in Authorization without Bearer": { authorization: secretKey },
    "a secret key as Basic user": { authorization: basic(`${secretKey}:`) },
    "a secret key in x-api-key": { "x-api-key": secretKey },
    "a secret key in api-key": { "api-key": secretKey },
    "a secret key in a cookie": { cookie: `apikey=${secretKey}` },
    "a secret key's name in x-leo-actor": { "x-leo-actor": "secret:default" },
    "headers in which a gateway may speak of a caller": {
      apikey: publishableKey,
      "x-forwarded-user": operator.id,
      "x-jwt-claims": JSON.stringify({ sub: operator.id, role: "service_role" }),
      "x-supabase-role": "service_role",
    },
    "an operator's token without apikey": { authorization: bearer },
    "an operator's token with an empty apikey": { apikey: "", authorization: bearer },
    "an operator's token with an unknown publishable key": { apikey: "sb_publishable_unknown", authorization: bearer },
    "an operator's token as apikey": { apikey: operator.accessToken },
    "an operator's token in both": { apikey: operator.accessToken, authorization: bearer },
    "an operator's token without Bearer": { apikey: publishableKey, authorization: operator.accessToken },
    "an operator's token in a cookie": { apikey: publishableKey, cookie: `sb-access-token=${operator.accessToken}` },
    "an operator's address and password": {
      apikey: publishableKey,
      authorization: basic(`${operator.email}:${secrets.demoPassword}`),
    },
    "a word instead of a token": { apikey: publishableKey, authorization: "Bearer operator" },
    "nothing after Bearer": { apikey: publishableKey, authorization: "Bearer " },
  };
  const inQuery: Record<string, string> = {
    "a secret key in the query": `?apikey=${secretKey}`,
    "an operator's token in the query": `?apikey=${publishableKey}&access_token=${operator.accessToken}`,
  };
  return [
    ...Object.entries(by).map(([name, headers]): Credential => ({ name, headers, refusal: "unauthenticated" })),
    // Hosted projects, and the local Data API like them, read a key from the query; the functions do not.
    ...Object.entries(inQuery).map(
      ([name, query]): Credential => ({ name, headers: {}, query, refusal: "unauthenticated", genuine: true }),
    ),
  ];
}
