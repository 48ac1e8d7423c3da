import { App } from "@supabase/lite";
import { createPostgresConnection } from "@supabase/lite/postgres";
import { withApiRolesOnly, withMetadataClaims } from "./auth-tokens.ts";
import { postgrestError } from "./postgrest-errors.ts";
import type { LocalSecrets } from "./secrets.ts";

/** PostgreSQL's text of a date with time (`2026-11-21 07:39:35.5+00`) as JSON has it (`2026-11-21T07:39:35.5+00:00`). */
function isoTimestamp(text: string): string {
  return text.replace(
    /^(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)([+-]\d\d(?::\d\d)*)?/,
    (_, day, time, zone = "") => {
      const offset = /^[+-]\d\d$/.test(zone) ? `${zone}:00` : zone;
      return `${day}T${time}${offset}`;
    },
  );
}

/** A numeric as a JSON number; `NaN` and the infinities, which JSON lacks, stay text as in PostgreSQL's own JSON. */
function jsonNumber(text: string): number | string {
  const number = Number(text);
  return Number.isFinite(number) ? number : text;
}

const unchanged = (value: unknown) => value;

/** Parsers with which the Data API answers what PostgREST answers: PostgreSQL's own `to_json` of the row. */
const postgrestTypes = {
  timestamptz: { to: 1184, from: [1184], serialize: unchanged, parse: isoTimestamp },
  timestamp: { to: 1114, from: [1114], serialize: unchanged, parse: isoTimestamp },
  numeric: { to: 1700, from: [1700], serialize: String, parse: jsonNumber },
};

/** The Data API (`/rest/v1`) and Auth (`/auth/v1`) of the local stack, in this process. */
export interface DataApi {
  fetch(request: Request): Promise<Response>;
  close(): Promise<void>;
}

/**
 * Serves the schema `public` as PostgREST would, and Auth as GoTrue would, from a migrated database. It reads
 * the schema once, so migrations have to be there before it starts.
 */
export async function createDataApi(databaseUrl: string, secrets: LocalSecrets): Promise<DataApi> {
  const connection = createPostgresConnection({
    url: databaseUrl,
    postgresOptions: { max: 8, onnotice: () => {}, types: postgrestTypes },
  });
  connection.normalizeDbError = postgrestError;
  // Before its first request it would grant ALL on every table to anon, authenticated and service_role, undoing
  // what the migrations revoke. Roles and default privileges are here already (postgres/bootstrap.sql), so it is
  // told that this has been done.
  Object.assign(connection, { rlsState: "active" });
  const app = new App({
    connection,
    api: { enabled: true, schemas: ["public"], extra_search_path: ["public", "extensions"], max_rows: 1000 },
    auth: {
      enabled: true,
      jwt_secret: secrets.jwtSecret,
      publishable_key: secrets.publishableKey,
      secret_key: secrets.secretKeys.default,
      // Mirrors [auth] in supabase/config.toml: people are invited, nobody signs up alone.
      enable_signup: false,
    },
    db: { migrations: { enabled: false } },
    studio: { enabled: false },
    storage: { enabled: false },
  });
  await app.init();
  return {
    fetch: withApiRolesOnly(
      withMetadataClaims(async (request) => app.fetch(request), secrets.jwtSecret),
      secrets.jwtSecret,
    ),
    // Bounded: with the server gone, the driver would wait for its answer for ever.
    close: () => connection.driver.end({ timeout: 2 }),
  };
}
