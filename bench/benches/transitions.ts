import { pauseAndResumeBySql, pauseAndResumeOverHttp, pausedAndResumed, resumeAll } from "../data/pause-and-resume.ts";
import { makeSessions } from "../data/sessions.ts";
import type { Bench, Contender, Goal, Measured } from "../harness/bench.ts";
import { type HttpLoad, httpLoad } from "../harness/http-load.ts";
import type { BenchDatabase, BenchServices, Lab } from "../harness/lab.ts";
import { type SqlLoad, sqlLoad } from "../harness/sql-load.ts";
import type { LoadFigures } from "../harness/stats.ts";

interface State {
  database: BenchDatabase;
  services: BenchServices;
  bySql: Omit<SqlLoad, "seconds">;
  overHttp: Pick<HttpLoad, "clients">;
}

const measured = ({ done, ...figures }: LoadFigures): Measured => ({ done, figures: { ...figures } });

function contender(name: string, run: (state: State, seconds: number) => Promise<LoadFigures>): Contender<State> {
  return {
    name,
    prepare: ({ database }) => resumeAll(database),
    run: async (state, seconds) => measured(await run(state, seconds)),
    count: ({ database }) => pausedAndResumed(database),
  };
}

/** Transitions over HTTP beside the statement that they send, by so many clients at a time. */
function transitions(clients: number, question: string, goal: Goal): Bench<State> {
  return {
    name: `transitions-${clients}`,
    question,
    how:
      `Pauses and resumes 1 of 1 000 sessions per client, ${clients} client${clients === 1 ? "" : "s"}, the same rows ` +
      "for each contender. The functions are asked directly: Supabase has its own gateway, whose local stand-in " +
      "is measured beside it.",
    figures: { p50: "ms", p95: "ms", rate: "/s" },
    contenders: [
      contender("SQL", ({ bySql }, seconds) => sqlLoad({ ...bySql, seconds })),
      contender("functions", ({ services, overHttp }, seconds) =>
        httpLoad({ url: services.functionsUrl, ...overHttp, seconds }),
      ),
      contender("functions and local gateway", ({ services, overHttp }, seconds) =>
        httpLoad({ url: services.url, ...overHttp, seconds }),
      ),
    ],
    goals: [goal],
    async setup(lab: Lab) {
      const database = await lab.database();
      await makeSessions(database, 1000);
      const services = await lab.services(database);
      return {
        database,
        services,
        bySql: { ...pauseAndResumeBySql(database), clients },
        overHttp: { clients: await pauseAndResumeOverHttp(database, services, clients) },
      };
    },
  };
}

export const transitions1 = transitions(1, "How long does a transition over HTTP take, beside its statement alone?", {
  figure: "p50",
  contender: "functions",
  against: "SQL",
  atMost: 2,
});

export const transitions8 = transitions(8, "How many transitions over HTTP a second, beside their statement alone?", {
  figure: "rate",
  contender: "functions",
  against: "SQL",
  atLeast: 0.5,
});
