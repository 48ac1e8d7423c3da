import { randomUUID } from "node:crypto";
import type { SupabaseClient } from "@supabase/supabase-js";
import type { TestDatabase } from "../../support/database.ts";
import type { Company, Person } from "./cast.ts";

/** The columns of orchestration_metrics that rights depend upon, and one that they do not. */
export interface Metric {
  metric_id: string;
  company_id: string | null;
  venture_id: string | null;
  session_id: string | null;
  api_calls_made: number;
}

/** The metrics as somebody has them before him; untyped, so that it takes any row. */
export function metricsOf(person: Person) {
  return (person.client as SupabaseClient).from("orchestration_metrics");
}

/** A row as the owner of the table sees it. */
export async function storedMetric(database: TestDatabase, metricId: string): Promise<Metric | undefined> {
  const [row] = await database.query<Metric>(
    `select metric_id, company_id, venture_id, session_id, api_calls_made
     from public.orchestration_metrics where metric_id = $1`,
    [metricId],
  );
  return row;
}

/** Puts a row of a company in, as the owner. */
export async function putMetric(database: TestDatabase, company: Company): Promise<string> {
  const metricId = randomUUID();
  await database.query("insert into public.orchestration_metrics (metric_id, company_id) values ($1, $2)", [
    metricId,
    company.id,
  ]);
  return metricId;
}
