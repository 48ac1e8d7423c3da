import { repositoryRoot } from "../../local/paths.ts";
import type { LocalSecrets } from "../../local/secrets.ts";

/** Something that has no business in a response or a log line. */
export interface Leak {
  what: string;
  /** The text around it, in which it is cut short. */
  where: string;
}

/** What gives itself away by its form, whoever's it is. */
const forms: Record<string, RegExp> = {
  "an API key": /sb_(?:secret|publishable)_[\w-]{8,}/g,
  "a JSON web token": /eyJ[\w-]{4,}\.eyJ[\w-]{4,}(?:\.[\w-]*)?/g,
  "a connection string": /postgres(?:ql)?:\/\/[^\s"'/@*]+@/gi,
  "a private key": /-----BEGIN [A-Z ]*PRIVATE KEY-----|"d"\s*:\s*"[\w-]{43}"/g,
  "an SQL statement":
    /\b(?:select(?: \S+ from)?|insert into|update|delete from|(?:alter|create|drop) (?:table|function|policy)|truncate(?: table)?|perform|call) "?(?:leo|public|auth|pg_catalog|information_schema|supabase_migrations)"?\."?\w+/gi,
  "parameters of an SQL statement": /\$\d+::\w+/g,
  "internals of PostgreSQL": /\bCONTEXT: |\bSTATEMENT: |PL\/pgSQL function|SQL function "|SQL statement "/g,
  "a stack": /(?:^|\n)\s*at [^\n]{0,300}:\d+:\d+\)?/g,
  "the URL of a file": /\b(?:file:\/\/|ext:deno_|node:internal\/)[^\s"']*/g,
  "a path of this machine": new RegExp(`${repositoryRoot.replace(/\W/g, "\\$&")}[/\\\\]`, "g"),
};

const CONTEXT_LENGTH = 30;
const SHOWN_LENGTH = 6;

/** What is shorter is no secret but a word: `postgres` is the password of the database of `supabase start`. */
const SECRET_LENGTH = 12;

/** Keys and passwords of a stack, by what they are. */
function secretsOf(secrets: LocalSecrets): Record<string, string> {
  const { publishableKey, secretKeys, jwtSecret, signingKey, databasePassword, demoPassword } = secrets;
  const named = Object.entries(secretKeys).map(([name, key]) => [`the secret key ${name}`, key]);
  return {
    ...Object.fromEntries(named),
    "the publishable key": publishableKey,
    "the JWT secret": jwtSecret,
    "the private signing key": String(signingKey.d),
    "the database's password": databasePassword,
    "the demo users' password": demoPassword,
  };
}

/**
 * The leaks in a text, which may be JSON: one of each kind.
 *
 * @param isContent tells that a text which has the form of a leak is a caller's own content; keys and passwords
 *   of the stack are leaks even so
 */
export function findLeaks(text: string, secrets: LocalSecrets, isContent = (_match: string) => false): Leak[] {
  const found = new Map<string, Leak>();
  for (const reading of readingsOf(text)) {
    for (const [what, secret] of Object.entries(secretsOf(secrets))) {
      if (secret.length < SECRET_LENGTH) continue;
      const at = reading.indexOf(secret);
      if (at >= 0) found.set(what, { what, where: around(reading, at, secret) });
    }
    for (const [what, form] of Object.entries(forms)) {
      for (const { index, 0: match } of reading.matchAll(form)) {
        if (!isContent(match)) found.set(what, { what, where: around(reading, index, match) });
      }
    }
  }
  return [...found.values()];
}

/** A text as it is, and, where it is JSON, the names and texts in it, without what JSON does to quotes and lines. */
export function readingsOf(text: string): string[] {
  const parts: string[] = [];
  try {
    JSON.parse(text, (name, value) => {
      parts.push(name);
      if (typeof value === "string") parts.push(value);
      return value;
    });
  } catch {
    // Not JSON, then.
  }
  return parts.length > 0 ? [text, parts.join("\n")] : [text];
}

function around(text: string, at: number, match: string): string {
  const before = text.slice(Math.max(0, at - CONTEXT_LENGTH), at);
  const after = text.slice(at + match.length, at + match.length + CONTEXT_LENGTH);
  return JSON.stringify(`${before}${match.slice(0, SHOWN_LENGTH)}…${after}`);
}
