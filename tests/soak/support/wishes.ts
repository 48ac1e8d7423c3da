/** What callers may want next: any event of any machine, more often one that seems possible. */

import { randomUUID } from "node:crypto";
import { stateMachines } from "../../../types/state-machines.ts";
import type { Entity, Kind, Known } from "./known.ts";
import type { Random } from "./random.ts";

/** Something that a caller wants done. */
export interface Wish {
  /** Function, method and path pattern, as in types/contracts/operations.ts. */
  operation: string;
  path: string;
  body: Record<string, unknown>;
}

/** `number` of the entry, for what has to be found again in the database. */
type Maker = (known: Known, random: Random, number: number) => Wish | undefined;

const SCOPES = ["a", "b", "c", "d", "e", "f"];

function eventOf(machine: Kind, { status }: Entity, random: Random, events: string[]): string {
  const rules = stateMachines[machine].transitions.filter(
    ({ event, from }) => from === status && events.includes(event),
  );
  const likely = random.chance(0.85) ? random.of(rules)?.event : undefined;
  return likely ?? (random.of(events) as string);
}

const withAttempt = ({ attempt }: Entity, random: Random) => (attempt && random.chance(0.3) ? { attempt } : {});

const start: Maker = (known, random) => {
  // Several want the same one now and then; one of them may have it.
  const sd_id = random.chance(0.4) ? known.directives[0] : known.directives.shift();
  return (sd_id && {
    operation: "exec-sessions POST /",
    path: "exec-sessions",
    body: {
      sd_id,
      implementation_type: "UI_COMPONENT",
      quality_gates: random.chance(0.5) ? ["lint"] : ["lint", "tests"],
    },
  }) as Wish | undefined;
};

const sessionEvents = ["pause", "resume", "complete", "fail", "cancel", "retry", "reopen"];

const moveSession: Maker = (known, random) => {
  const session = random.of(known.of("exec_session"));
  if (!session) return undefined;
  // The only way to hand-offs that are sent, and closed to whoever stops too often on it.
  const finish = session.status === "active" && random.chance(0.6);
  const event = finish ? "complete" : eventOf("exec_session", session, random, sessionEvents);
  const reason = event === "fail" || event === "cancel" ? { reason: "so it is" } : {};
  return {
    operation: `exec-sessions POST /:id/${event}`,
    path: `exec-sessions/${session.id}/${event}`,
    body: { ...reason, ...withAttempt(session, random) },
  };
};

const reportProgress: Maker = (known, random, number) => {
  const session = random.of(known.of("exec_session"));
  return (
    session && {
      operation: "exec-sessions PATCH /:id",
      path: `exec-sessions/${session.id}`,
      body: { performance_metrics: { entry: number }, ...withAttempt(session, random) },
    }
  );
};

const moveGate: Maker = (known, random) => {
  const gate = random.of(known.of("quality_checkpoint"));
  if (!gate) return undefined;
  const event = random.of(["complete", "complete", "complete", "complete", "reopen", "waive"]) as string;
  return {
    operation: `quality-checkpoints POST /:id/${event}`,
    path: `quality-checkpoints/${gate.id}/${event}`,
    body: event === "complete" ? { score: random.below(101) } : { reason: "so it is" },
  };
};

const prepare: Maker = (known, random) => {
  const session = random.of(known.of("exec_session"));
  return (
    session && {
      operation: "exec-handoffs POST /",
      path: "exec-handoffs",
      body: { session_id: session.id, implementation_summary: "Built", deliverables_manifest: ["all of it"] },
    }
  );
};

const moveHandoff: Maker = (known, random) => {
  const handoff = random.of(known.of("handoff"));
  if (!handoff) return undefined;
  const event = eventOf("handoff", handoff, random, ["ready", "revise", "send", "accept", "reject"]);
  return {
    operation: `exec-handoffs POST /:id/${event}`,
    path: `exec-handoffs/${handoff.id}/${event}`,
    body: event === "reject" ? { reason: "look again" } : {},
  };
};

const note: Maker = (known, random, number) => {
  const handoff = random.of(known.of("handoff").filter(({ status }) => status === "preparing"));
  return (
    handoff && {
      operation: "exec-handoffs PATCH /:id",
      path: `exec-handoffs/${handoff.id}`,
      body: { post_implementation_notes: `note ${number}` },
    }
  );
};

const requestRun: Maker = (_known, random) => ({
  operation: "telemetry-runs POST /",
  path: "telemetry-runs",
  body: { scope_id: random.of(SCOPES), force: random.chance(0.8) },
});

const claimRuns: Maker = (_known, random) => ({
  operation: "telemetry-runs POST /claim",
  path: "telemetry-runs/claim",
  body: { worker: "a worker", limit: 1 + random.below(3) },
});

const claim_next = { worker: "the same worker" };

const runBodies: Record<string, Record<string, unknown>> = {
  heartbeat: {},
  succeed: { output_ref: { rows_scanned: 3 } },
  fail: { error_message: "no answer" },
  cancel: {},
  fail_enqueue: { error_class: "QueueDown" },
};

const moveRun: Maker = (known, random) => {
  const run = random.of(known.of("telemetry_run"));
  if (!run) return undefined;
  const event = eventOf("telemetry_run", run, random, Object.keys(runBodies));
  const takesNext = (event === "succeed" || event === "fail") && random.chance(0.5);
  return {
    operation: `telemetry-runs POST /:run_id/${event}`,
    path: `telemetry-runs/${run.id}/${event}`,
    body: { ...runBodies[event], ...(takesNext ? { claim_next } : {}) },
  };
};

const analyze: Maker = (_known, random) => ({
  operation: "telemetry-analyzer POST /",
  path: "telemetry-analyzer",
  body: { limit: 1 + random.below(2) },
});

const sweep: Maker = () => ({ operation: "telemetry-runs POST /sweep", path: "telemetry-runs/sweep", body: {} });

const startGeneration: Maker = (known) => ({
  operation: "okr-generations POST /",
  path: "okr-generations",
  body: { period: known.period() },
});

const moveGeneration: Maker = (known, random) => {
  const generation = random.of(known.of("okr_generation"));
  const event = random.of(["complete", "fail"]) as string;
  return (
    generation && {
      operation: `okr-generations POST /:id/${event}`,
      path: `okr-generations/${generation.id}/${event}`,
      body: event === "fail" ? { error_message: "no vision" } : { top_down_count: 1, bottom_up_count: 2 },
    }
  );
};

/** Half of the rows without an id of the client's: only the Idempotency-Key keeps those from being there twice. */
const recordMetrics: Maker = (_known, random, number) => ({
  operation: "orchestration-metrics POST /",
  path: "orchestration-metrics",
  body: {
    metrics: Array.from({ length: 1 + random.below(20) }, (_, index) => ({
      ...(index % 2 === 0 ? { metric_id: randomUUID() } : {}),
      action_count: index,
      metadata: { entry: number },
    })),
  },
});

const makers: [weight: number, maker: Maker][] = [
  [2, start],
  [12, moveSession],
  [3, reportProgress],
  [14, moveGate],
  [5, prepare],
  [12, moveHandoff],
  [3, note],
  [7, requestRun],
  [4, claimRuns],
  [10, moveRun],
  [2, analyze],
  [1, sweep],
  [2, startGeneration],
  [3, moveGeneration],
  [6, recordMetrics],
];

const total = makers.reduce((sum, [weight]) => sum + weight, 0);

/** What somebody wants next. */
export function wish(known: Known, random: Random, number: number): Wish {
  for (;;) {
    let at = random.next() * total;
    for (const [weight, maker] of makers) {
      at -= weight;
      if (at >= 0) continue;
      const made = maker(known, random, number);
      if (made) return made;
      break;
    }
  }
}
