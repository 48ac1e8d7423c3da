import type { LoadRequest } from "../harness/http-load.ts";
import type { BenchDatabase, BenchServices } from "../harness/lab.ts";
import type { SqlLoad } from "../harness/sql-load.ts";

/**
 * The transition that is measured: a session is paused and resumed in turn. Each is a whole transition, with its
 * locks, guard and row of history, and can be repeated for ever; nothing but the history grows. Client n drives the
 * nth session, so that no client waits for another one's row.
 */
const events = ["pause", "resume"] as const;
/** Without the fencing token, which each resume changes. */
const evidence = { reason: "waits for a review" };

/** By SQL: the very statement that the functions send, with values as they send them. */
export function pauseAndResumeBySql(
  database: BenchDatabase,
): Pick<SqlLoad, "url" | "first" | "statements" | "variables"> {
  const context = (event: string) =>
    JSON.stringify({ actor: "secret:default", event, request_id: "3f0c7a52-8d0e-4f5e-9d1c-6a2b1f0e7c41" });
  return {
    url: database.url,
    first: "select id from public.exec_implementation_sessions order by sd_id offset :client_id limit 1",
    statements: events.map((event) => `select leo.move_exec_session(:id::uuid, :evidence::jsonb, :${event}::jsonb)`),
    variables: { evidence: JSON.stringify(evidence), pause: context("pause"), resume: context("resume") },
  };
}

/** Over HTTP: what each client sends over and over. */
export async function pauseAndResumeOverHttp(
  database: BenchDatabase,
  { headers }: BenchServices,
  clients: number,
): Promise<LoadRequest[][]> {
  const sessions = await database.query<{ id: string }>(
    "select id from public.exec_implementation_sessions order by sd_id limit $1",
    [clients],
  );
  return sessions.map(({ id }) =>
    events.map((event) => ({ path: `/functions/v1/exec-sessions/${id}/${event}`, headers, body: evidence })),
  );
}

/** Every session active again; a load may have ended half-way. */
export async function resumeAll(database: BenchDatabase): Promise<void> {
  await database.query("update public.exec_implementation_sessions set status = 'active' where status = 'paused'");
}

/** Pauses and resumes that are in the history. */
export function pausedAndResumed(database: BenchDatabase): Promise<number> {
  return database.number("select count(*) from public.state_transitions where event in ('pause', 'resume')");
}
