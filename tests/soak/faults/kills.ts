/** Processes and connections that end from one moment to the next. */

import type { Fault, Scene } from "./fault.ts";

export const postgresKilled: Fault = {
  title: "PostgreSQL killed",
  strike: ({ stage }) => stage.killPostgres(),
};

export const functionsKilled: Fault = {
  title: "functions killed",
  async strike({ stage, ledger }) {
    const down = { from: performance.now(), to: Number.POSITIVE_INFINITY };
    ledger.down.push(down);
    await stage.killFunctions();
    down.to = performance.now();
  },
};

async function backends({ stage }: Scene): Promise<number[]> {
  const rows = await stage.database.query<{ pid: number }>(
    "select pid from pg_stat_activity where application_name = 'leo-functions' order by pid",
  );
  return rows.map(({ pid }) => pid);
}

export const backendsTerminated: Fault = {
  title: "backends terminated",
  async strike(scene) {
    const all = await backends(scene);
    const some = all.filter(() => scene.random.chance(0.5));
    const pids = some.length > 0 ? some : all;
    if (pids.length === 0) scene.complain("there was no backend to terminate");
    await scene.stage.database.query("select pg_terminate_backend(pid) from unnest($1::integer[]) pid", [pids]);
  },
};
