import type { Database } from "../../model/support/database.ts";

/** Makes as many directives, and returns their ids. */
export async function createDirectives(database: Database, count: number): Promise<string[]> {
  const rows = await database.query<{ id: string }>(
    `insert into public.strategic_directives_v2
       (id, title, status, category, priority, description, rationale, scope, sequence_rank, sd_key, current_phase)
     select 'SD-' || number, 'A directive', 'active', 'infrastructure', 'high', '-', '-', '-', number, 'SD-' || number,
            'EXEC_IMPLEMENTATION'
     from generate_series(1, $1) number
     returning id`,
    [count],
  );
  return rows.map(({ id }) => id);
}
