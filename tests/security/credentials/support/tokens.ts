import { createHmac, createPrivateKey, type KeyObject, sign } from "node:crypto";
import type { JWK } from "jose";

/** What a token says, in header or claims; undefined leaves a member out. */
export type Members = Record<string, unknown>;

/** A JSON value as a part of a token. */
export const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token of parts that need not fit together. */
export const assembled = (header: Members, claims: Members, signature: string) =>
  `${encoded(header)}.${encoded(claims)}.${signature}`;

/** A token signed by HMAC, with whatever serves as the secret. */
export function hmacToken(header: Members, claims: Members, secret: string | Buffer, hash = "sha256"): string {
  const content = `${encoded(header)}.${encoded(claims)}`;
  return `${content}.${createHmac(hash, secret).update(content).digest("base64url")}`;
}

/** A token signed with a private key of the curve P-256, as ES256 has it whatever the header says. */
export function ecToken(header: Members, claims: Members, key: KeyObject): string {
  const content = `${encoded(header)}.${encoded(claims)}`;
  const signature = sign("sha256", Buffer.from(content), { key, dsaEncoding: "ieee-p1363" });
  return `${content}.${signature.toString("base64url")}`;
}

/** The private key that a JWK holds. */
export const privateKeyOf = (jwk: JWK) => createPrivateKey({ key: jwk as never, format: "jwk" });
