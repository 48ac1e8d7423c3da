import { type DatabaseProxy, startProxy } from "../../tests/functions/support/proxy.ts";
import { pauseAndResumeOverHttp, pausedAndResumed, resumeAll } from "../data/pause-and-resume.ts";
import { makeSessions } from "../data/sessions.ts";
import type { Bench } from "../harness/bench.ts";
import { type HttpLoad, httpLoad } from "../harness/http-load.ts";
import type { BenchDatabase } from "../harness/lab.ts";

interface State {
  database: BenchDatabase;
  proxy: DatabaseProxy;
  load: HttpLoad;
}

/** Whatever asks the server and waits, once per transition. */
export const roundTrips: Bench<State> = {
  name: "round-trips",
  question: "How many round trips to the database does a transition over HTTP take?",
  how: "Counts, in what the functions send to the server, how often they wait for an answer; 8 clients.",
  figures: { trips: "per transition" },
  rounds: { full: 3, quick: 1 },
  seconds: { full: 1, quick: 1 },
  contenders: [
    {
      name: "functions",
      prepare: ({ database }) => resumeAll(database),
      async run({ proxy, load }, seconds) {
        proxy.takeStatements();
        const { done } = await httpLoad({ ...load, seconds });
        return { done, figures: { trips: proxy.takeStatements().length / done } };
      },
      count: ({ database }) => pausedAndResumed(database),
    },
  ],
  goals: [{ figure: "trips", contender: "functions", atLeast: 1, atMost: 1 }],
  async setup(lab) {
    const database = await lab.database();
    await makeSessions(database, 100);
    const url = new URL(database.url);
    const proxy = await startProxy(Number(url.port));
    lab.later(() => proxy.close());
    url.port = String(proxy.port);
    const services = await lab.services({ ...database, url: url.href });
    const clients = await pauseAndResumeOverHttp(database, services, 8);
    return { database, proxy, load: { url: services.functionsUrl, clients } };
  },
};
