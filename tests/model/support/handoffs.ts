import { type Expected, illegal, leadsTo, type Move, notFound, refused } from "./move.ts";
import { type Handoff, type Session, sessionsOf, type World } from "./world.ts";

const contents = { implementation_summary: "What was built", deliverables_manifest: ["all of it"] };

/** The hand-off that keeps a session from having another one open. */
const inTheWay = (session: Session, beside?: Handoff) =>
  session.handoffs.findLast((handoff) => handoff !== beside && handoff.status !== "rejected");

function refuseOpen(session: Session, beside?: Handoff): Expected | undefined {
  const other = inTheWay(session, beside);
  return other && refused("handoff_open", 409, { id: other.id, current: other.status });
}

function prepare(session: Session, whole: boolean): Move {
  return {
    operation: "exec-handoffs POST /",
    path: "exec-handoffs",
    body: { session_id: session.id, ...(whole ? contents : { implementation_summary: " " }) },
    attempt: session.attempt,
    expect: () =>
      refuseOpen(session) ?? {
        status: 201,
        says: { handoff: { session_id: session.id, handoff_status: "preparing" } },
        apply({ handoff }) {
          session.handoffs.push({ id: handoff.id, status: "preparing", contents: whole });
          session.silent = false;
          return [{ machine: "handoff", id: handoff.id, event: "prepare", from: null, to: "preparing" }];
        },
      },
  };
}

function write(session: Session, handoff: Handoff): Move {
  return {
    operation: "exec-handoffs PATCH /:id",
    path: `exec-handoffs/${handoff.id}`,
    body: contents,
    attempt: session.attempt,
    expect: () =>
      handoff.status === "preparing"
        ? {
            status: 200,
            says: { handoff: { id: handoff.id, ...contents } },
            apply() {
              handoff.contents = true;
              session.silent = false;
              return [];
            },
          }
        : illegal("update", handoff.status),
  };
}

function move(session: Session, handoff: Handoff, event: string, body: Record<string, unknown>): Move {
  return {
    operation: `exec-handoffs POST /:id/${event}`,
    path: `exec-handoffs/${handoff.id}/${event}`,
    body,
    attempt: session.attempt,
    expect(actor) {
      const from = handoff.status;
      const to = leadsTo("handoff", event, from);
      if (to === undefined) return illegal(event, from);
      if (event === "ready" && !handoff.contents) return refused("invalid_request", 400);
      const open = event === "revise" ? refuseOpen(session, handoff) : undefined;
      if (open) return open;
      if (event === "send" && session.status !== "completed") return illegal(event, from);
      const answers = event === "accept" || event === "reject";
      if (answers && handoff.sender === actor) return refused("same_actor", 409, { actor });
      return {
        status: 200,
        says: { handoff: { id: handoff.id, handoff_status: to } },
        apply() {
          handoff.status = to;
          session.silent = false;
          if (event === "send") handoff.sender = actor;
          return [{ machine: "handoff", id: handoff.id, event, from, to }];
        },
      };
    },
  };
}

const bodies: Record<string, Record<string, unknown>> = {
  ready: {},
  revise: { reason: "more to say" },
  send: {},
  accept: {},
  reject: { reason: "look again" },
};

/** Everything that can be asked about hand-offs. */
export function handoffMoves(world: World): Move[] {
  return [
    ...sessionsOf(world).flatMap((session) => [
      prepare(session, true),
      prepare(session, false),
      ...session.handoffs.flatMap((handoff) => [
        write(session, handoff),
        ...Object.entries(bodies).map(([event, body]) => move(session, handoff, event, body)),
      ]),
    ]),
    {
      operation: "exec-handoffs POST /",
      path: "exec-handoffs",
      body: { session_id: world.ghost, ...contents },
      expect: () => notFound,
    },
    ...Object.entries(bodies).map(
      ([event, body]): Move => ({
        operation: `exec-handoffs POST /:id/${event}`,
        path: `exec-handoffs/${world.ghost}/${event}`,
        body,
        expect: () => notFound,
      }),
    ),
  ];
}
