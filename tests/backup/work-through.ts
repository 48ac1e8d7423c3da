import { expect } from "vitest";
import type { Driver } from "../../local/edge-functions.ts";
import { startableDirective } from "../../local/prepare-database.ts";
import { generateSecrets } from "../../local/secrets.ts";
import { startServices } from "../../local/services.ts";
import type { ExecHandoffAnswer, ExecSessionAnswer } from "../../types/contracts/index.ts";
import { connected } from "./busy-database.ts";

/** Takes a session of a database from its start to the hand-off, over HTTP, and looks at what the history says. */
export async function workThrough(databaseUrl: string, driver: Driver): Promise<void> {
  const secrets = generateSecrets();
  const services = await startServices({ databaseUrl, secrets, driver, port: 0 });
  const post = async <T>(path: string, body: unknown = {}): Promise<T> => {
    const response = await fetch(`${services.url}/functions/v1/${path}`, {
      method: "POST",
      headers: { apikey: secrets.secretKeys.default as string, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    expect(response.ok, `${path}: ${response.status} ${text}`).toBe(true);
    return JSON.parse(text) as T;
  };
  const lastMove = () =>
    connected(databaseUrl, async (client) => {
      const { rows } = await client.query<{ id: number }>(
        "select max(id)::integer as id from public.state_transitions",
      );
      return rows[0]?.id as number;
    });
  try {
    const before = await lastMove();
    const { session, checkpoints } = await post<ExecSessionAnswer>("exec-sessions", {
      sd_id: await startableDirective(databaseUrl),
      implementation_type: "AUTHENTICATION",
    });
    for (const { id } of checkpoints) await post(`quality-checkpoints/${id}/complete`, { score: 90 });
    await post(`exec-sessions/${session.id}/complete`);
    const { handoff } = await post<ExecHandoffAnswer>("exec-handoffs", {
      session_id: session.id,
      implementation_summary: "What was made",
      deliverables_manifest: ["the code"],
    });
    await post(`exec-handoffs/${handoff.id}/ready`);
    await post(`exec-handoffs/${handoff.id}/send`);

    const moves = await connected(databaseUrl, async (client) => {
      const { rows } = await client.query<{ move: string; id: number }>(
        `select machine || ' ' || event as move, id::integer from public.state_transitions
         where id > $1 and sd_id = $2 order by id`,
        [before, session.sd_id],
      );
      return rows;
    });
    // The sequence goes on where it was: every move is after those that were restored, and recorded once.
    expect(moves.map(({ move }) => move).filter((move) => !move.startsWith("quality_checkpoint"))).toEqual([
      "exec_session start",
      "exec_session complete",
      "handoff prepare",
      "handoff ready",
      "handoff send",
    ]);
    expect(moves.filter(({ move }) => move === "quality_checkpoint complete")).toHaveLength(checkpoints.length);
  } finally {
    await services.stop();
  }
}
