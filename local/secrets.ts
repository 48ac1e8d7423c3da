import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { JWK } from "jose";
import { StackError } from "./stack-error.ts";

/** Keys and passwords of one local stack: made once, kept in a git-ignored file, never shared. */
export interface LocalSecrets {
  /** `apikey` of browsers and apps; gives the role `anon`, or `authenticated` along with a user's JWT. */
  publishableKey: string;
  /** Named `apikey`s of servers and agents; the name becomes the actor `secret:<name>`. */
  secretKeys: Record<string, string>;
  /** HS256 secret with which the local Auth signs its tokens. */
  jwtSecret: string;
  /** Private ES256 key (JWK with `kid`); its public half is the functions' JWKS. */
  signingKey: JWK;
  databasePassword: string;
  /** Password of all users of supabase/seed.sql. */
  demoPassword: string;
}

const token = (bytes: number) => randomBytes(bytes).toString("base64url");

/** New random secrets in Supabase's own formats (`sb_publishable_…`, `sb_secret_…`). */
export function generateSecrets(): LocalSecrets {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    publishableKey: `sb_publishable_${token(24)}`,
    secretKeys: { default: `sb_secret_${token(24)}`, agent: `sb_secret_${token(24)}` },
    jwtSecret: token(48),
    signingKey: { ...privateKey.export({ format: "jwk" }), kid: token(12), alg: "ES256", use: "sig" },
    databasePassword: token(18),
    demoPassword: token(9),
  };
}

/** The JWKS (public keys only) that checks tokens signed with `signingKey`. */
export function publicJwks({ signingKey }: LocalSecrets): { keys: JWK[] } {
  const { d: _private, ...publicKey } = signingKey;
  return { keys: [publicKey] };
}

function parseSecrets(text: string, file: string): LocalSecrets {
  try {
    const secrets = JSON.parse(text) as LocalSecrets;
    if (typeof secrets.databasePassword === "string") return secrets;
  } catch {
    // Said below.
  }
  throw new StackError(`${file} is damaged; delete it and begin anew with npm start -- --reset`);
}

/** Reads the secrets file, or makes it (mode 0600) on the first start. */
export async function loadSecrets(file: string): Promise<LocalSecrets> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (text !== null) return parseSecrets(text, file);
  const secrets = generateSecrets();
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600, flag: "wx" });
  return secrets;
}
