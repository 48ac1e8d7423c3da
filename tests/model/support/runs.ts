import { type Expected, illegal, leadsTo, type Move, notFound, refused } from "./move.ts";
import { type Moved, type Run, type Scope, sessionsOf, type World } from "./world.ts";

function moved(run: Run, event: string, to: Run["status"], actor?: string): Moved {
  const from = run.status;
  run.status = to;
  return { machine: "telemetry_run", id: run.id, event, from, to, actor };
}

function end(world: World, run: Run, event: string, to: Run["status"], actor?: string): Moved {
  world.ends += 1;
  run.ended = world.ends;
  run.overdue = false;
  return moved(run, event, to, actor);
}

const queued = (world: World) => world.runs.filter(({ status }) => status === "QUEUED");

function request(world: World, scope: Scope, given: Record<string, unknown>): Move {
  return {
    operation: "telemetry-runs POST /",
    situation: String(world.runs.some((run) => run.overdue && run.scope === scope)),
    path: "telemetry-runs",
    body: { scope_id: scope.id, ...given },
    expect() {
      const own = world.runs.filter((run) => run.scope === scope);
      const active = own.find((run) => run.status === "QUEUED" || (run.status === "RUNNING" && !run.overdue));
      const fresh = own
        .filter(({ status }) => status === "SUCCEEDED")
        .sort((a, b) => (b.ended ?? 0) - (a.ended ?? 0))[0];
      const timeOut = () => own.filter(({ overdue }) => overdue).map((run) => end(world, run, "time_out", "TIMED_OUT"));
      if (active) {
        return { status: 200, says: { decision: "already_active", run: { run_id: active.id } }, apply: timeOut };
      }
      if (fresh && given.force !== true && given.staleness_days !== 0) {
        return { status: 200, says: { decision: "fresh", run: { run_id: fresh.id } }, apply: timeOut };
      }
      return {
        status: 201,
        says: { decision: "enqueued", run: { status: "QUEUED", scope_id: scope.id } },
        apply({ run }) {
          const late = timeOut();
          world.runs.push({ id: run.run_id, scope, status: "QUEUED", overdue: false });
          return [...late, { machine: "telemetry_run", id: run.run_id, event: "request", from: null, to: "QUEUED" }];
        },
      };
    },
  };
}

function claim(world: World, limit: number): Move {
  return {
    operation: "telemetry-runs POST /claim",
    situation: `${Math.min(limit, queued(world).length)} queued`,
    path: "telemetry-runs/claim",
    body: { worker: "a worker", limit },
    expect() {
      const claimed = queued(world).slice(0, limit);
      return {
        status: 200,
        says: { runs: claimed.map(({ id }) => ({ run_id: id, status: "RUNNING" })) },
        apply: () => claimed.map((run) => moved(run, "claim", "RUNNING")),
      };
    },
  };
}

/** Only a scope that stands for somebody can be analysed, and nobody here has enough metrics to find anything in. */
function analyze(world: World, limit: number): Move {
  return {
    operation: "telemetry-analyzer POST /",
    situation: queued(world).length > 0 ? "queued" : "",
    path: "telemetry-analyzer",
    body: { limit },
    expect() {
      const claimed = queued(world).slice(0, limit);
      const outcomes = claimed.map((run) => ({
        run,
        event: run.scope.known ? "succeed" : "fail",
        status: run.scope.known ? ("SUCCEEDED" as const) : ("FAILED" as const),
      }));
      return {
        status: 200,
        says: { runs: outcomes.map(({ run, status }) => ({ run_id: run.id, status })) },
        apply: () =>
          outcomes.flatMap(({ run, event, status }) => [
            moved(run, "claim", "RUNNING"),
            end(world, run, event, status),
          ]),
      };
    },
  };
}

function move(world: World, run: Run, event: string, body: Record<string, unknown>): Move {
  return {
    operation: `telemetry-runs POST /:run_id/${event}`,
    path: `telemetry-runs/${run.id}/${event}`,
    body,
    expect(): Expected {
      const from = run.status;
      const to = leadsTo("telemetry_run", event, from);
      if (to === undefined) return illegal(event, from);
      if (event === "succeed" && body.output_ref === undefined) return refused("invalid_request", 400);
      const next = body.claim_next === undefined ? undefined : queued(world)[0];
      const takes = body.claim_next === undefined ? {} : { next: next === undefined ? null : { run_id: next.id } };
      return {
        status: 200,
        says: { run: { run_id: run.id, status: to }, ...takes },
        apply() {
          if (event === "heartbeat") {
            run.overdue = false;
            return [moved(run, event, to)];
          }
          const own = end(world, run, event, to);
          return next === undefined ? [own] : [own, moved(next, "claim", "RUNNING")];
        },
      };
    },
  };
}

const claim_next = { worker: "the same worker" };

const bodies: [event: string, body: Record<string, unknown>][] = [
  ["heartbeat", {}],
  ["succeed", { output_ref: { rows_scanned: 3 } }],
  ["succeed", { output_ref: { rows_scanned: 3 }, claim_next }],
  ["succeed", { findings_count: 0 }],
  ["fail", { error_message: "no answer" }],
  ["fail", { error_class: "ReadError", claim_next }],
  ["cancel", {}],
  ["fail_enqueue", { error_class: "QueueDown" }],
];

function sweep(world: World): Move {
  return {
    operation: "telemetry-runs POST /sweep",
    situation: [
      world.runs.some(({ overdue }) => overdue) && "late runs",
      world.generations.some(({ old, status }) => old && status === "running") && "old generations",
      sessionsOf(world).some(({ silent, status }) => silent && status === "active") && "silent sessions",
    ].join(),
    path: "telemetry-runs/sweep",
    body: {},
    expect() {
      const late = world.runs.filter(({ overdue }) => overdue);
      const old = world.generations.filter((generation) => generation.old && generation.status === "running");
      const silent = sessionsOf(world).filter((session) => session.silent && session.status === "active");
      return {
        status: 200,
        says: {
          telemetry_runs_timed_out: late.length,
          okr_generations_failed: old.length,
          sessions_paused: silent.length,
          idempotency_keys_deleted: 0,
          skipped: 0,
        },
        apply() {
          const actor = "sweep";
          const runs = late.map((run) => end(world, run, "time_out", "TIMED_OUT", actor));
          const generations = old.map((generation): Moved => {
            generation.status = "failed";
            return {
              machine: "okr_generation",
              id: generation.id,
              event: "fail",
              from: "running",
              to: "failed",
              actor,
            };
          });
          const sessions = silent.map((session): Moved => {
            Object.assign(session, { status: "paused", silent: false });
            return { machine: "exec_session", id: session.id, event: "pause", from: "active", to: "paused", actor };
          });
          return [...runs, ...generations, ...sessions];
        },
      };
    },
  };
}

/** Everything that can be asked about telemetry runs, the sweep and the analyzer among it. */
export function runMoves(world: World): Move[] {
  // Those that have ended long ago have nothing new to say.
  const recent = world.runs.slice(-6);
  return [
    ...world.scopes.flatMap((scope) => [
      request(world, scope, {}),
      request(world, scope, { force: true }),
      request(world, scope, { staleness_days: 0, timeout_ms: 600_000 }),
    ]),
    claim(world, 1),
    claim(world, 2),
    analyze(world, 1),
    analyze(world, 3),
    sweep(world),
    ...recent.flatMap((run) => bodies.map(([event, body]) => move(world, run, event, body))),
    {
      operation: "telemetry-runs POST /:run_id/cancel",
      path: `telemetry-runs/${world.ghost}/cancel`,
      body: {},
      expect: () => notFound,
    },
  ];
}
