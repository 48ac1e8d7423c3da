import { bodyLimit, hungUpBeforeTheAnswer, hungUpInTheBody } from "./clients.ts";
import type { Fault } from "./fault.ts";
import { backendsTerminated, functionsKilled, postgresKilled } from "./kills.ts";
import { poolExhausted, rowBlocked } from "./locks.ts";

/** Every kind of fault. */
export const faults: readonly Fault[] = [
  postgresKilled,
  functionsKilled,
  backendsTerminated,
  poolExhausted,
  rowBlocked,
  bodyLimit,
  hungUpInTheBody,
  hungUpBeforeTheAnswer,
];
