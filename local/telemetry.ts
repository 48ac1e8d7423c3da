import { telemetryRunsAnalyzed } from "../types/contracts/index.ts";
import type { LocalSecrets } from "./secrets.ts";

/** Longer than the edge function takes at most. */
const PATIENCE_MS = 150_000;

/**
 * Has the edge function telemetry-analyzer analyse what is queued, as a scheduler does on a hosted project.
 *
 * @param url of the stack
 * @returns how many runs it took
 * @throws Error with the answer where it is none of success
 */
export async function analyzeTelemetry(url: string, secrets: LocalSecrets): Promise<number> {
  const response = await fetch(`${url}/functions/v1/telemetry-analyzer`, {
    method: "POST",
    headers: { apikey: secrets.secretKeys.default ?? "", "x-leo-actor": "timer" },
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`telemetry-analyzer answered ${response.status}: ${text.slice(0, 200)}`);
  return telemetryRunsAnalyzed.parse(JSON.parse(text)).runs.length;
}
