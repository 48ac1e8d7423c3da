/**
 * What the functions read from the environment, checked once, with errors that name the variable.
 *
 * | variable | default | |
 * |---|---|---|
 * | SUPABASE_URL | set by Supabase | where Auth answers |
 * | SUPABASE_DB_URL | set by Supabase | connection string of the role `postgres` |
 * | SUPABASE_PUBLISHABLE_KEYS, SUPABASE_SECRET_KEYS | set by Supabase | JSON object: key name → key |
 * | SUPABASE_JWKS | set by Supabase | JSON Web Key Set; without it the Auth server is asked |
 * | LEO_DB_POOL_SIZE | 5 | connections of one worker at most; workers multiply it |
 * | LEO_DB_CONNECT_TIMEOUT_MS | 3000 | to open a connection |
 * | LEO_DB_ACQUIRE_TIMEOUT_MS | 5000 | to wait for a free connection |
 * | LEO_DB_STATEMENT_TIMEOUT_MS | 8000 | the server's `statement_timeout`, 60000 at most |
 * | LEO_DB_IDLE_TIMEOUT_MS | 60000 | an idle connection older than this is replaced |
 * | LEO_DB_IDLE_TRANSACTION_TIMEOUT_MS | 5000 | the server's `idle_in_transaction_session_timeout` |
 * | LEO_DB_CLIENT_CHECK_MS | 1000 | the server's `client_connection_check_interval`; 0, and on Windows: off |
 * | LEO_REQUEST_TIMEOUT_MS | 30000 | for a request as a whole; has to leave time for a statement |
 * | LEO_BODY_TIMEOUT_MS | 10000 | for a request body to arrive |
 * | LEO_AUTH_TIMEOUT_MS | 3000 | for the Auth server to answer |
 */

import type { JWK } from "@supabase/supabase-js";
import { type ConnectionAddress, connectionAddress, integer, keySet, keys, projectUrl } from "./environment-values.ts";

/** How to reach the database and how long to wait for it; times in milliseconds. */
export interface DatabaseSettings extends ConnectionAddress {
  poolSize: number;
  connectTimeoutMs: number;
  acquireTimeoutMs: number;
  statementTimeoutMs: number;
  idleTimeoutMs: number;
  /** What a worker that is frozen between two statements of a transaction can hold up others for. */
  idleTransactionTimeoutMs: number;
  /** How often the server looks whether the caller of a running statement is still there; 0 for never. */
  clientCheckMs: number;
}

/** What credentials are checked with. */
export interface CredentialSettings {
  url: string;
  publishableKeys: Record<string, string>;
  secretKeys: Record<string, string>;
  jwks: { keys: JWK[] };
  authTimeoutMs: number;
}

/** @throws EnvironmentError */
export const databaseSettings = once(
  (): DatabaseSettings => ({
    ...connectionAddress("SUPABASE_DB_URL"),
    poolSize: integer("LEO_DB_POOL_SIZE", 5, 1, 100),
    connectTimeoutMs: integer("LEO_DB_CONNECT_TIMEOUT_MS", 3_000, 1, 60_000),
    acquireTimeoutMs: integer("LEO_DB_ACQUIRE_TIMEOUT_MS", 5_000, 1, 60_000),
    statementTimeoutMs: integer("LEO_DB_STATEMENT_TIMEOUT_MS", 8_000, 1, 60_000),
    idleTimeoutMs: integer("LEO_DB_IDLE_TIMEOUT_MS", 60_000, 1, 3_600_000),
    idleTransactionTimeoutMs: integer("LEO_DB_IDLE_TRANSACTION_TIMEOUT_MS", 5_000, 1, 600_000),
    // Where PostgreSQL runs on Windows, it cannot do this, and refuses to be asked.
    clientCheckMs: integer("LEO_DB_CLIENT_CHECK_MS", Deno.build.os === "windows" ? 0 : 1_000, 0, 600_000),
  }),
);

/** @throws EnvironmentError */
export const credentialSettings = once(
  (): CredentialSettings => ({
    url: projectUrl("SUPABASE_URL"),
    publishableKeys: keys("SUPABASE_PUBLISHABLE_KEYS"),
    secretKeys: keys("SUPABASE_SECRET_KEYS"),
    jwks: keySet("SUPABASE_JWKS"),
    authTimeoutMs: integer("LEO_AUTH_TIMEOUT_MS", 3_000, 1, 60_000),
  }),
);

/** Milliseconds that a request body may take to arrive. @throws EnvironmentError */
export const bodyTimeoutMs = once(() => integer("LEO_BODY_TIMEOUT_MS", 10_000, 1, 600_000));

/** Added to the server's own time limit, so that normally the server is the one to give up, and says so. */
export const GRACE_MS = 2_000;

/**
 * Milliseconds that a request may take as a whole. A statement is begun only while there is time left to hear of its
 * end, so that this limit never leaves a caller in doubt: what would come too late is refused before it is begun.
 *
 * @throws EnvironmentError
 */
export const requestTimeoutMs = once(() => {
  const statementMs = databaseSettings().statementTimeoutMs + GRACE_MS;
  return integer("LEO_REQUEST_TIMEOUT_MS", statementMs + 20_000, statementMs + 1, 1_200_000);
});

function once<T>(read: () => T): () => T {
  let value: { read: T } | undefined;
  return () => {
    value ??= { read: read() };
    return value.read;
  };
}
