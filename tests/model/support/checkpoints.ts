import { illegal, leadsTo, type Move, notFound } from "./move.ts";
import { type Gate, type Session, sessionsOf, type World } from "./world.ts";

const bodies: Record<string, Record<string, unknown>> = {
  complete: { evidence_url: "https://ci.example/1" },
  reopen: { reason: "look again" },
  waive: { reason: "not here" },
};

function move(session: Session, gate: Gate, event: string, index: number): Move {
  // Another one for each gate, so that a mean is not any one's score.
  const score = 60 + 11 * index;
  return {
    operation: `quality-checkpoints POST /:id/${event}`,
    path: `quality-checkpoints/${gate.id}/${event}`,
    body: { ...bodies[event], ...(event === "complete" ? { score } : {}) },
    attempt: session.attempt,
    expect() {
      if (session.status !== "active" && session.status !== "paused") return illegal(event, session.status);
      const from = gate.complete ? "complete" : "incomplete";
      const to = leadsTo<"complete" | "incomplete">("quality_checkpoint", event, from);
      if (to === undefined) return illegal(event, from);
      const is_required = gate.required && event !== "waive";
      return {
        status: 200,
        says: { checkpoint: { id: gate.id, is_complete: to === "complete", is_required } },
        apply() {
          gate.complete = to === "complete";
          gate.required = is_required;
          if (event === "complete") gate.score = score;
          session.silent = false;
          return [{ machine: "quality_checkpoint", id: gate.id, event, from, to }];
        },
      };
    },
  };
}

/** Everything that can be asked about checkpoints. */
export function checkpointMoves(world: World): Move[] {
  const events = Object.keys(bodies);
  return [
    ...sessionsOf(world).flatMap((session) =>
      session.gates.flatMap((gate, index) => events.map((event) => move(session, gate, event, index))),
    ),
    ...events.map(
      (event): Move => ({
        operation: `quality-checkpoints POST /:id/${event}`,
        path: `quality-checkpoints/${world.ghost}/${event}`,
        body: { ...bodies[event], ...(event === "complete" ? { score: 1 } : {}) },
        expect: () => notFound,
      }),
    ),
  ];
}
