/** Puts what an example needs into the database. */

import { exampleOf, exampleRows, references } from "../../../local/openapi/examples.ts";
import type { Operation } from "../../../types/contracts/operations.ts";
import { stateMachines } from "../../../types/state-machines.ts";
import { createDirective } from "../../functions/support/directives.ts";
import type { Machine } from "../../machines/support/machines.ts";
import type { TestDatabase } from "../../support/database.ts";
import { uuid } from "./recorded.ts";

/** The rows that examples refer to by fixed ids. */
export async function createReferences(database: TestDatabase): Promise<void> {
  const directive = await createDirective(database);
  await database.query("update public.strategic_directives_v2 set id = $2::text, sd_key = $2::text where id = $1", [
    directive,
    references.sd_id,
  ]);
  await database.query("insert into public.companies (id, name) values ($1, 'A company')", [references.company_id]);
  await database.query(
    `insert into public.exec_implementation_sessions (id, sd_id, implementation_type)
     values ($1, $2, 'API_ENDPOINT')`,
    [references.session_id, await createDirective(database)],
  );
}

/**
 * Brings a row into the state that the example of an operation is for.
 *
 * @returns its id, where the example is about a row that is there before
 */
export async function seedFor(
  { name, machine, event = "" }: Operation,
  machines: Record<string, Machine>,
  database: TestDatabase,
): Promise<string | undefined> {
  // What a claim picks, or finds to be active, must be of this example.
  if (machine === "telemetry_run") await database.query("delete from public.telemetry_analysis_runs");
  const { state, body } = exampleOf(name);
  if (machine === undefined || state === undefined) return undefined;
  const own = machines[machine] as Machine;
  const events: readonly string[] = stateMachines[machine].events;
  // The sweep finds a run only past its deadline.
  const id = await own.seed(state, events.includes(event) || event === "update" ? event : "time_out");
  if (machine === "telemetry_run") {
    if (body?.claim_next !== undefined) await own.seed("QUEUED");
    await database.query("update public.telemetry_analysis_runs set scope_id = $1", [references.company_id]);
  }
  return id;
}

/** The ids that are shown in the place of those of a row and of what it belongs to. */
export function shownIds(
  { name, machine }: Operation,
  answer: Record<string, unknown>,
  machines: Record<string, Machine>,
): Record<string, string> {
  const sent = JSON.stringify(exampleOf(name).body ?? {}).match(uuid) ?? [];
  const ids = Object.fromEntries([...Object.values(references), ...sent].map((id) => [id, id]));
  if (machine === undefined) return ids;
  const { member, key } = machines[machine] as Machine;
  const [first] = [answer[member], answer[`${member}s`]].flat().filter((row) => row !== undefined);
  const row = first as Record<string, string> | undefined;
  if (row?.[key]) ids[row[key]] = exampleRows[machine].id;
  if (row?.session_id) ids[row.session_id] = references.session_id;
  return ids;
}
