import type { Bench } from "../harness/bench.ts";
import { transitions1, transitions8 } from "./transitions.ts";

/** Every bench, in the order of the table. */
export const benches: readonly Bench[] = [transitions1, transitions8];
