import { z } from "zod";
import {
  type MetricResult,
  type MetricsRecorded,
  type OrchestrationMetric,
  orchestrationMetric,
} from "../../types/contracts/orchestration-metrics.ts";
import { uuid } from "../../types/contracts/primitives.ts";

/**
 * Records the rows that keep to their contract, and puts the results of all in the order of the request.
 *
 * @param record the database's answer to the rows that it is given; not called where there are none
 */
export async function recordRows(
  rows: unknown[],
  record: (rows: OrchestrationMetric[]) => Promise<Record<string, unknown>>,
): Promise<MetricsRecorded> {
  const sound: { index: number; row: OrchestrationMetric }[] = [];
  const broken: MetricResult[] = [];
  for (const [index, row] of rows.entries()) {
    const { data, error } = orchestrationMetric.safeParse(row);
    if (data) sound.push({ index, row: data });
    else broken.push({ index, metric_id: idOf(row), outcome: "rejected", error: sentence(error) });
  }
  if (sound.length === 0) return { accepted: 0, duplicates: 0, rejected: broken.length, results: broken };
  const answer = (await record(sound.map(({ row }) => row))) as unknown as MetricsRecorded;
  const recorded = answer.results.map((result) => ({ ...result, index: sound[result.index]?.index ?? -1 }));
  return {
    ...answer,
    rejected: answer.rejected + broken.length,
    results: [...recorded, ...broken].sort((a, b) => a.index - b.index),
  };
}

/** So that the client finds the row by the id that it gave it. */
function idOf(row: unknown): string | null {
  const { data } = z.looseObject({ metric_id: uuid }).safeParse(row);
  return data?.metric_id ?? null;
}

/** What is wrong with a row, a few things of it. */
function sentence({ issues }: z.ZodError): string {
  return issues
    .slice(0, 5)
    .map(({ path, message }) => (path.length > 0 ? `${path.join(".")}: ${message}` : message))
    .join("; ")
    .slice(0, 500);
}
