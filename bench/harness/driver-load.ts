import postgres from "postgres";
import { packageVersion } from "./packages.ts";
import type { SqlLoad } from "./sql-load.ts";
import { type LoadFigures, loadFigures } from "./stats.ts";

/** `postgres.js 3.4.9`: what runs in pgbench's place where that is not installed. */
export function driverVersion(): string {
  return `postgres.js ${packageVersion("postgres")}`;
}

const unchanged = (value: unknown) => value;

/** Variables are text, also of JSON, which the driver would put into quotes once more. */
const jsonAsText = { to: 3802, from: [114, 3802], serialize: unchanged, parse: unchanged };

/** A statement with `$1, $2, …` and the names that they stand for. */
function numbered(statement: string): { text: string; names: string[] } {
  const names: string[] = [];
  const text = statement.replace(/(?<!:):([a-z_]\w*)/gi, (_, name: string) => `$${names.push(name)}`);
  return { text, names };
}

/** The loop of pgbench: each client on a connection of its own, the next statement when the last is answered. */
export async function driverLoad(load: SqlLoad): Promise<LoadFigures> {
  const statements = load.statements.map(numbered);
  const connections = Array.from({ length: load.clients }, () =>
    postgres(load.url, { max: 1, onnotice: () => {}, types: { jsonAsText } }),
  );
  try {
    const all = await Promise.all(
      connections.map(async (sql, client) => {
        const variables: Record<string, string> = { ...load.variables, client_id: String(client) };
        await sql`select 1`;
        if (load.first) {
          const { text, names } = numbered(load.first);
          const [row] = await sql.unsafe(
            text,
            names.map((name) => variables[name] ?? null),
            { prepare: true },
          );
          for (const [name, value] of Object.entries(row ?? {})) variables[name] = String(value);
        }
        return { sql, variables };
      }),
    );
    const begun = performance.now();
    const end = begun + load.seconds * 1000;
    const times = await Promise.all(
      all.map(async ({ sql, variables }) => {
        const own: number[] = [];
        for (let turn = 0, now = performance.now(); now < end; turn += 1) {
          const { text, names } = statements[turn % statements.length] ?? { text: "", names: [] };
          await sql.unsafe(
            text,
            names.map((name) => variables[name] ?? null),
            { prepare: true },
          );
          const after = performance.now();
          own.push(after - now);
          now = after;
        }
        return own;
      }),
    );
    return loadFigures(Float64Array.from(times.flat()), (performance.now() - begun) / 1000);
  } finally {
    await Promise.all(connections.map((sql) => sql.end()));
  }
}
