import { poolFigures } from "../_shared/database.ts";
import { sqlState } from "../_shared/database-errors.ts";
import { edgeFunction, json } from "../_shared/edge-function.ts";
import type { Exchange } from "../_shared/exchange.ts";

const SCHEMA_VERSION = "select to_jsonb(max(version)) from supabase_migrations.schema_migrations";
const UNDEFINED_TABLE = "42P01";

/** Whether the database answers, for monitors; open to anyone, so it tells nothing else. */
export default edgeFunction({
  name: "health",
  callers: "anyone",
  routes: {
    "GET /": {
      async handle(exchange) {
        const schema_version = await schemaVersion(exchange);
        return json({ status: "ok", database: { reachable: true, schema_version }, pool: poolFigures() });
      },
    },
  },
});

/** The newest migration's version; null where migrations were not applied by the Supabase CLI. */
async function schemaVersion(exchange: Exchange): Promise<unknown> {
  try {
    return await exchange.call(SCHEMA_VERSION);
  } catch (error) {
    // Also an answer of a database that can be reached.
    if (sqlState(error) === UNDEFINED_TABLE) return null;
    throw error;
  }
}
