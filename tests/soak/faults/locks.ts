/** Rows that somebody holds for too long. */

import type pg from "pg";
import { POOL_SIZE } from "../support/stage.ts";
import { type Fault, type Scene, until } from "./fault.ts";

/** Holds session rows while something is done about them. */
async function holding(scene: Scene, ids: string[], work: () => Promise<void>): Promise<void> {
  const client: pg.Client = await scene.stage.connect();
  try {
    await client.query("begin");
    await client.query("select from public.exec_implementation_sessions where id = any ($1) order by id for update", [
      ids,
    ]);
    await work();
  } finally {
    await client.query("rollback");
    await client.end();
  }
}

/** Sessions that the load has begun; the first fault may come before the first of them. */
async function sessions(scene: Scene): Promise<string[]> {
  const ids = () => scene.known.of("exec_session").map(({ id }) => id);
  if (!(await until(async () => ids().length > 0))) scene.complain("there was no session to block");
  return ids();
}

const report = (id: string) => ({
  operation: "exec-sessions PATCH /:id",
  path: `exec-sessions/${id}`,
  body: { test_coverage_pct: 50 },
});

export const rowBlocked: Fault = {
  title: "row blocked",
  async strike(scene) {
    const id = scene.random.of(await sessions(scene));
    if (id === undefined) return;
    await holding(scene, [id], async () => {
      const wish = report(id);
      const entry = scene.caller.open(wish);
      // The server ends the statement long before the row is let go.
      const answer = await scene.caller.once(wish, entry);
      const requestId = entry.tries[0]?.requestId;
      if (answer?.status !== 503) scene.complain(`a row that was blocked was answered ${answer?.status}`, requestId);
    });
  },
};

export const poolExhausted: Fault = {
  title: "pool exhausted",
  async strike(scene) {
    const ids = await sessions(scene);
    if (ids.length === 0) return;
    await holding(scene, ids, async () => {
      const wishes = Array.from({ length: 4 * POOL_SIZE }, (_, index) => report(ids[index % ids.length] as string));
      const refused = Promise.all(wishes.map((wish) => scene.caller.once(wish, scene.caller.open(wish))));
      const all = await until(async () => {
        const [row] = await scene.stage.database.query<{ waiting: number }>(
          `select count(*)::integer as waiting from pg_stat_activity
           where application_name = 'leo-functions' and wait_event_type = 'Lock'`,
        );
        return row?.waiting === POOL_SIZE;
      });
      if (!all) scene.complain("the pool was never exhausted");
      // Until those that wait for a connection are given up too.
      const others = (await refused).filter((answer) => answer?.status !== 503);
      if (others.length > 0) scene.complain(`of an exhausted pool ${others.length} were answered otherwise than 503`);
    });
  },
};
