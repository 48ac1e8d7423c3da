import { analyzeTelemetryRuns } from "../../types/contracts/telemetry-analyzer.ts";
import { edgeFunction, json } from "../_shared/edge-function.ts";
import { ANALYZE_WITHIN_MS, analyzeRuns } from "./analyze.ts";

/** The worker of the telemetry queue. The database holds the analysis; here is what keeps it within its time. */
export default edgeFunction({
  name: "telemetry-analyzer",
  callers: "operators",
  routes: {
    "POST /": {
      event: "analyze",
      request: analyzeTelemetryRuns,
      timeoutMs: ANALYZE_WITHIN_MS,
      async handle(exchange) {
        const { worker = "telemetry-analyzer", limit = 5 } = await exchange.body(analyzeTelemetryRuns);
        return json({ runs: await analyzeRuns(exchange, worker, limit) });
      },
    },
  },
});
