import type { TestDatabase } from "../../support/database.ts";

/** Every table that a transition could touch, and its key. */
const tables: Record<string, string> = {
  exec_implementation_sessions: "id",
  exec_quality_checkpoints: "id",
  exec_handoff_preparations: "id",
  telemetry_analysis_runs: "run_id",
  okr_generation_log: "id",
  orchestration_metrics: "metric_id",
  strategic_directives_v2: "id",
  state_transitions: "id",
};

/** Digests of rows by `table key`. */
export type Snapshot = Map<string, string>;

/** All rows as they are now. */
export async function takeSnapshot(database: TestDatabase): Promise<Snapshot> {
  const rows = Object.entries(tables).map(
    ([table, key]) => `select '${table} ' || ${key} as name, md5(to_jsonb(found)::text) from public.${table} found`,
  );
  const found = await database.query<{ name: string; md5: string }>(rows.join(" union all "));
  return new Map(found.map(({ name, md5 }) => [name, md5]));
}

/** Names of the rows that were added, changed or removed, in alphabetical order. */
export function changesBetween(before: Snapshot, after: Snapshot): string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name)).sort();
}
