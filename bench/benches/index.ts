import type { Bench } from "../harness/bench.ts";
import { claimLatency } from "./claim-latency.ts";
import { dashboard } from "./dashboard.ts";
import { history } from "./history.ts";
import { intake } from "./intake.ts";
import { queue1, queue50 } from "./queue.ts";
import { request } from "./request.ts";
import { rlsReads } from "./rls-reads.ts";
import { roundTrips } from "./round-trips.ts";
import { startBench } from "./start.ts";
import { transitions1, transitions8 } from "./transitions.ts";

/** Every bench, in the order of the table. */
export const benches: readonly Bench[] = [
  transitions1,
  transitions8,
  roundTrips,
  queue1,
  queue50,
  request,
  claimLatency,
  history,
  intake,
  dashboard,
  rlsReads,
  startBench,
];
