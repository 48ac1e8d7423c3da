import { type Expected, illegal, leadsTo, type Move, notFound, refused } from "./move.ts";
import { type Directive, type Moved, type Session, sessionsOf, type World } from "./world.ts";

/** What sessions are started as, and the gates that come of it, as the state machines' document has them. */
const kinds = [
  { implementation_type: "GENERAL_FEATURE", gates: ["CODE_QUALITY", "DOCUMENTATION", "TESTING"] },
  { implementation_type: "AUTHENTICATION", gates: ["CODE_QUALITY", "SECURITY", "TESTING"] },
  { implementation_type: "UI_COMPONENT", quality_gates: [" lint", "lint", " "], gates: ["lint"] },
];

/** The event that makes a session active that is in the way of another. */
const ways = { active: null, paused: "resume", completed: "reopen", failed: "retry", cancelled: "retry" };

function start(directive: Directive, kind: (typeof kinds)[number]): Move {
  const { gates, ...given } = kind;
  return {
    operation: "exec-sessions POST /",
    path: "exec-sessions",
    body: { sd_id: directive.id, ...given },
    expect() {
      const { session } = directive;
      if (session) {
        const { id, status } = session;
        return refused("session_exists", 409, { id, current: status, use: ways[status] });
      }
      return {
        status: 201,
        says: { session: { sd_id: directive.id, status: "active" }, attempt: 1 },
        apply({ session, checkpoints }) {
          const names = checkpoints.map(({ checkpoint_name }) => checkpoint_name).sort();
          if (String(names) !== String(gates)) throw new Error(`the session has the gates ${names}, not ${gates}`);
          directive.session = {
            id: session.id,
            status: "active",
            attempt: 1,
            gates: checkpoints.map(({ id, checkpoint_name }) => ({
              id,
              name: String(checkpoint_name),
              complete: false,
              required: true,
              score: 0,
            })),
            handoffs: [],
            silent: false,
          };
          return [
            { machine: "exec_session", id: session.id, event: "start", from: null, to: "active" },
            ...checkpoints.map(
              ({ id }): Moved => ({
                machine: "quality_checkpoint",
                id,
                event: "insert",
                from: null,
                to: "incomplete",
              }),
            ),
          ];
        },
      };
    },
  };
}

/** What is in the way of an event that the machine allows. */
function obstacle(event: string, session: Session): Expected | undefined {
  if (event === "complete") {
    const open = session.gates.filter(({ required, complete }) => required && !complete);
    if (open.length > 0) return refused("gates_incomplete", 409);
  }
  if (event === "reopen" && session.handoffs.at(-1)?.status !== "rejected") return illegal(event, session.status);
  return undefined;
}

/** What completing derives from the gates. */
function scores(session: Session): object {
  const counted = session.gates.filter(({ complete, required }) => complete && required);
  if (counted.length === 0) return {};
  return { quality_score: Math.round(counted.reduce((sum, { score }) => sum + score, 0) / counted.length) };
}

function move(session: Session, event: string, body: Record<string, unknown>): Move {
  return {
    operation: `exec-sessions POST /:id/${event}`,
    path: `exec-sessions/${session.id}/${event}`,
    body,
    attempt: session.attempt,
    expect() {
      const from = session.status;
      const to = leadsTo("exec_session", event, from);
      if (to === undefined) return illegal(event, from);
      const refusal = obstacle(event, session);
      if (refusal) return refusal;
      const attempt = session.attempt + (to === "active" ? 1 : 0);
      const done = event === "complete" ? { implementation_progress: 100, ...scores(session) } : {};
      return {
        status: 200,
        says: { session: { id: session.id, status: to, attempt, ...done }, attempt },
        apply() {
          Object.assign(session, { status: to, attempt, silent: false });
          return [{ machine: "exec_session", id: session.id, event, from, to }];
        },
      };
    },
  };
}

function report(session: Session): Move {
  const performance_metrics = { attempt: session.attempt };
  return {
    operation: "exec-sessions PATCH /:id",
    path: `exec-sessions/${session.id}`,
    body: { performance_metrics },
    attempt: session.attempt,
    expect: () =>
      session.status === "active"
        ? {
            status: 200,
            says: { session: { id: session.id, performance_metrics } },
            apply: () => {
              session.silent = false;
              return [];
            },
          }
        : illegal("update", session.status),
  };
}

const bodies: Record<string, Record<string, unknown>> = {
  pause: {},
  resume: {},
  complete: { test_coverage_pct: 90 },
  fail: { reason: "it broke" },
  cancel: { reason: "not wanted" },
  retry: { reason: "once more" },
  reopen: {},
};

/** Everything that can be asked about sessions. */
export function sessionMoves(world: World): Move[] {
  return [
    ...world.directives.map((directive, index) =>
      start(directive, kinds[index % kinds.length] as (typeof kinds)[number]),
    ),
    ...sessionsOf(world).flatMap((session) => [
      report(session),
      ...Object.entries(bodies).map(([event, body]) => move(session, event, body)),
    ]),
    {
      ...start({ id: `SD-${world.ghost.slice(0, 8)}` }, { ...kinds[0] } as (typeof kinds)[number]),
      expect: () => notFound,
    },
    ...Object.entries(bodies).map(
      ([event, body]): Move => ({
        operation: `exec-sessions POST /:id/${event}`,
        path: `exec-sessions/${world.ghost}/${event}`,
        body,
        expect: () => notFound,
      }),
    ),
  ];
}
