import type { BenchDatabase } from "../harness/lab.ts";

/** Makes active sessions, each of a directive of its own, with their checkpoints. */
export async function makeSessions(database: BenchDatabase, count: number): Promise<void> {
  await database.query(
    `insert into public.strategic_directives_v2
       (id, title, status, category, priority, description, rationale, scope, sequence_rank, sd_key, current_phase)
     select format('SD-BENCH-%s', n), 'A directive', 'active', 'infrastructure', 'high', '-', '-', '-', n,
            format('SD-BENCH-%s', n), 'EXEC_IMPLEMENTATION'
     from generate_series(1, $1::integer) n`,
    [count],
  );
  await database.query(
    `insert into public.exec_implementation_sessions (sd_id, implementation_type)
     select format('SD-BENCH-%s', n), 'API_ENDPOINT' from generate_series(1, $1::integer) n`,
    [count],
  );
  await database.query("vacuum analyze");
}

/** How many rows `fillHistory` gives each directive. */
export const HISTORY_PER_DIRECTIVE = 20;

/** Adds moves of other sessions to the history until it has so many rows; as many to each directive `SD-OLD-n`. */
export async function fillHistory(database: BenchDatabase, rows: number): Promise<void> {
  const missing = rows - (await database.number("select count(*) from public.state_transitions"));
  await database.query(
    `insert into public.state_transitions
       (machine, entity_id, sd_id, event, from_status, to_status, actor, request_id, occurred_at)
     select 'exec_session', md5(directive::text)::uuid, format('SD-OLD-%s', directive),
            case n % 2 when 0 then 'pause' else 'resume' end,
            case n % 2 when 0 then 'active' else 'paused' end,
            case n % 2 when 0 then 'paused' else 'active' end,
            'secret:default', md5(n::text), now() - interval '1 second' * ($1::integer - n)
     from generate_series(1, $1::integer) n,
          lateral (select n % ($1::integer / $2::integer) as directive) of`,
    [missing, HISTORY_PER_DIRECTIVE],
  );
  await database.query("vacuum analyze public.state_transitions");
}
