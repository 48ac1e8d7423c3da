import {
  cancelTelemetryRun,
  claimTelemetryRuns,
  failEnqueueTelemetryRun,
  failTelemetryRun,
  heartbeatTelemetryRun,
  requestTelemetryRun,
  succeedTelemetryRun,
  sweepRequest,
} from "../../types/contracts/telemetry-runs.ts";
import { edgeFunction } from "../_shared/edge-function.ts";
import { events, transition } from "../_shared/transition.ts";

/** The events of a telemetry analysis run, each with the evidence it takes. The database holds the rules. */
export default edgeFunction({
  name: "telemetry-runs",
  callers: "operators",
  routes: {
    "POST /": transition("request", "request_telemetry_run", requestTelemetryRun, ({ decision }) =>
      decision === "enqueued" ? 201 : 200,
    ),
    "POST /claim": transition("claim", "claim_telemetry_runs", claimTelemetryRuns),
    "POST /sweep": transition("sweep", "sweep", sweepRequest),
    ...events<"telemetry_run">("/:run_id", "move_telemetry_run", {
      heartbeat: heartbeatTelemetryRun,
      succeed: succeedTelemetryRun,
      fail: failTelemetryRun,
      cancel: cancelTelemetryRun,
      fail_enqueue: failEnqueueTelemetryRun,
    }),
  },
});
