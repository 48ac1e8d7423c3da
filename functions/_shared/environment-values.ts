/** Reads single environment variables. Each function throws an EnvironmentError that names the variable. */

import type { JWK } from "@supabase/supabase-js";

/** A variable is missing or makes no sense. The message names it and never holds its value. */
export class EnvironmentError extends Error {
  override name = "EnvironmentError";
}

/** Where a database is and who connects. */
export interface ConnectionAddress {
  hostname: string;
  port: number;
  database: string;
  user: string;
  password: string;
  /** From `sslmode`: off, tried, or insisted on. */
  tls: { enabled: boolean; enforce: boolean };
}

function required(name: string): string {
  const value = Deno.env.get(name);
  if (!value) throw new EnvironmentError(`${name} is not set; Supabase sets it, and so does npm start`);
  return value;
}

/** A whole number within bounds, or the fallback where the variable is not set. */
export function integer(name: string, fallback: number, min: number, max: number): number {
  const value = Deno.env.get(name);
  if (!value) return fallback;
  const number = Number(value);
  if (!Number.isInteger(number) || number < min || number > max) {
    throw new EnvironmentError(`${name} has to be a whole number from ${min} to ${max}`);
  }
  return number;
}

function address(name: string, protocols: string[], example: string): URL {
  const value = required(name);
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !protocols.includes(url.protocol) || !url.hostname) {
    throw new EnvironmentError(`${name} has to look like ${example}`);
  }
  return url;
}

/** A base URL without a slash at its end. */
export function projectUrl(name: string): string {
  return address(name, ["http:", "https:"], "https://<project>.supabase.co").href.replace(/\/$/, "");
}

/** A PostgreSQL connection string in its parts. */
export function connectionAddress(name: string): ConnectionAddress {
  const url = address(name, ["postgres:", "postgresql:"], "postgresql://user:password@host:5432/database");
  const sslmode = url.searchParams.get("sslmode") ?? "prefer";
  if (!["disable", "allow", "prefer", "require", "verify-ca", "verify-full"].includes(sslmode)) {
    throw new EnvironmentError(`${name} has an unknown sslmode`);
  }
  try {
    return {
      hostname: decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, "$1"),
      port: Number(url.port || 5432),
      database: decodeURIComponent(url.pathname.slice(1)) || "postgres",
      user: decodeURIComponent(url.username) || "postgres",
      password: decodeURIComponent(url.password),
      tls: { enabled: sslmode !== "disable", enforce: /^(require|verify)/.test(sslmode) },
    };
  } catch {
    throw new EnvironmentError(`${name} has a percent sign that is not followed by two hexadecimal digits`);
  }
}

function json(name: string, expected: string): unknown {
  const value = required(name);
  try {
    return JSON.parse(value);
  } catch {
    throw new EnvironmentError(`${name} is not JSON; expected ${expected}`);
  }
}

/** Named keys: a JSON object of texts. */
export function keys(name: string): Record<string, string> {
  const expected = 'an object like {"default":"sb_…"}';
  const value = json(name, expected);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new EnvironmentError(`${name} is not ${expected}`);
  }
  for (const [key, secret] of Object.entries(value)) {
    // Anything but text would be compared as text: null would be matched by the key "null".
    if (typeof secret !== "string" || secret === "") throw new EnvironmentError(`${name} holds an empty key`);
    // The name becomes the actor, in which `/` separates the label.
    if (!/^[A-Za-z0-9_.:-]{1,64}$/.test(key)) throw new EnvironmentError(`${name} holds a key with an unusable name`);
  }
  return value as Record<string, string>;
}

/** A JSON Web Key Set, or the bare list of its keys; empty where the variable is not set. */
export function keySet(name: string): { keys: JWK[] } {
  if (!Deno.env.get(name)) return { keys: [] };
  const expected = 'a key set like {"keys":[…]}';
  const value = json(name, expected);
  const list = Array.isArray(value) ? value : (value as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(list) || !list.every((key) => typeof key?.kty === "string")) {
    throw new EnvironmentError(`${name} is not ${expected}`);
  }
  return { keys: list };
}
