import type { Move } from "./move.ts";
import type { World } from "./world.ts";

function record(world: World, ids: string[], broken: number): Move {
  const metrics = [
    ...ids.map((metric_id) => ({ metric_id, action_count: 2, success_count: 2 })),
    ...Array.from({ length: broken }, () => ({ action_count: 1, failure_count: 2 })),
  ];
  return {
    operation: "orchestration-metrics POST /",
    path: "orchestration-metrics",
    body: { metrics },
    expect(actor) {
      // A person's metrics are of a company that the person is a member of; these are of none.
      if (actor.startsWith("user:")) {
        return { status: 200, says: { accepted: 0, duplicates: 0, rejected: metrics.length } };
      }
      const before = new Set(world.metrics);
      const outcomes = ids.map((id) => {
        if (before.has(id)) return "duplicate";
        before.add(id);
        return "accepted";
      });
      const accepted = outcomes.filter((outcome) => outcome === "accepted").length;
      return {
        status: 200,
        says: { accepted, duplicates: ids.length - accepted, rejected: broken },
        apply() {
          world.metrics = before;
          return [];
        },
      };
    },
  };
}

/** Metrics, some of them sent before, and some that make no sense. And whether the product says that it is well. */
export function otherMoves(world: World): Move[] {
  const [a = "", b = "", c = ""] = world.metricIds;
  return [
    record(world, [a], 0),
    record(world, [b, a, b], 0),
    record(world, [c], 1),
    { operation: "health GET /", path: "health", expect: () => ({ status: 200, says: {} }) },
  ];
}
