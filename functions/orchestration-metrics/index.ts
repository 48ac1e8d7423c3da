import { recordMetricsLoosely } from "../../types/contracts/orchestration-metrics.ts";
import { edgeFunction, json } from "../_shared/edge-function.ts";
import { recordRows } from "./rows.ts";

/** Intake of what agents measured; a signed-in user's rows are written as that user, under RLS. */
export default edgeFunction({
  name: "orchestration-metrics",
  callers: "users",
  routes: {
    "POST /": {
      event: "record",
      // Its rows are checked one by one, so that a bad one does not sink the others.
      request: recordMetricsLoosely,
      async handle(exchange) {
        const { metrics } = await exchange.body(recordMetricsLoosely);
        return json(await recordRows(metrics, (rows) => exchange.transition("record_metrics", { metrics: rows })));
      },
    },
  },
});
