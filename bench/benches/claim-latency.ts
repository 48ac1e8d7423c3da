import { makeFinishedRuns, makeQueue } from "../data/telemetry-runs.ts";
import type { Bench, Contender } from "../harness/bench.ts";
import type { BenchDatabase } from "../harness/lab.ts";
import { sqlLoad } from "../harness/sql-load.ts";

type State = Record<"few" | "many", BenchDatabase> & { queued: number };

function contender(name: string, which: "few" | "many"): Contender<State> {
  return {
    name,
    prepare: (state) => makeQueue(state[which], state.queued),
    async run(state, seconds) {
      const { done, p50, p95 } = await sqlLoad({
        url: state[which].url,
        clients: 1,
        seconds,
        statements: ["select leo.claim_telemetry_runs(:request::jsonb, :context::jsonb)"],
        variables: {
          request: JSON.stringify({ worker: "bench" }),
          context: JSON.stringify({ actor: "secret:default", event: "claim" }),
        },
      });
      return { done, figures: { p50, p95 } };
    },
    // A claim of an empty queue would be quick, and hand out nothing.
    count: (state) =>
      state[which].number("select count(*) from public.telemetry_analysis_runs where status = 'RUNNING'"),
  };
}

const names = { few: "1 000 finished runs", many: "1 000 000 finished runs" };

export const claimLatency: Bench<State> = {
  name: "claim-latency",
  question: "Do finished runs slow the claim of queued ones?",
  how: "By SQL, 1 client, one run per claim, from a queue that is never empty. Quick: 100 000 finished runs.",
  figures: { p50: "ms", p95: "ms" },
  contenders: [contender(names.few, "few"), contender(names.many, "many")],
  goals: [{ figure: "p50", contender: names.many, against: names.few, atMost: 1.2 }],
  async setup(lab) {
    const filled = async (finished: number) => {
      const database = await lab.database();
      await makeFinishedRuns(database, finished);
      return database;
    };
    return {
      few: await filled(1000),
      many: await filled(lab.size(1_000_000, 100_000)),
      queued: lab.size(30_000, 8_000),
    };
  },
};
