import { illegal, leadsTo, type Move, notFound, refused } from "./move.ts";
import type { Generation, World } from "./world.ts";

function start(world: World, period: string): Move {
  return {
    operation: "okr-generations POST /",
    path: "okr-generations",
    body: { period },
    expect() {
      const other = world.generations.find((found) => found.period === period && found.status !== "failed");
      if (other) return refused("generation_exists", 409, { id: other.id, current: other.status });
      return {
        status: 201,
        says: { generation: { period, status: "running" } },
        apply({ generation: { id } }) {
          world.generations.push({ id, period, status: "running", old: false });
          return [{ machine: "okr_generation", id, event: "start", from: null, to: "running" }];
        },
      };
    },
  };
}

function move(generation: Generation, event: string, body: Record<string, unknown>): Move {
  return {
    operation: `okr-generations POST /:id/${event}`,
    path: `okr-generations/${generation.id}/${event}`,
    body,
    expect() {
      const from = generation.status;
      const to = leadsTo("okr_generation", event, from);
      if (to === undefined) return illegal(event, from);
      const computed =
        event === "complete" ? { total_krs_generated: 4, top_down_ratio: 0.25, bottom_up_ratio: 0.75 } : {};
      return {
        status: 200,
        says: { generation: { id: generation.id, status: to, ...computed } },
        apply() {
          generation.status = to;
          return [{ machine: "okr_generation", id: generation.id, event, from, to }];
        },
      };
    },
  };
}

const bodies: Record<string, Record<string, unknown>> = {
  complete: { top_down_count: 1, bottom_up_count: 3 },
  fail: { error_message: "no vision" },
};

/** Everything that can be asked about OKR generations. */
export function generationMoves(world: World): Move[] {
  return [
    ...world.periods.map((period) => start(world, period)),
    ...world.generations
      .slice(-4)
      .flatMap((generation) => Object.entries(bodies).map(([event, body]) => move(generation, event, body))),
    {
      operation: "okr-generations POST /:id/fail",
      path: `okr-generations/${world.ghost}/fail`,
      body: bodies.fail,
      expect: () => notFound,
    },
  ];
}
