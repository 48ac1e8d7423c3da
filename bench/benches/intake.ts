import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import pg from "pg";
import { makeCompanies, memberHeaders } from "../data/companies.ts";
import { copyLines, sentMetrics } from "../data/metrics.ts";
import type { Bench, Contender } from "../harness/bench.ts";
import { httpLoad } from "../harness/http-load.ts";
import type { BenchDatabase, BenchServices } from "../harness/lab.ts";
import { importPackage } from "../harness/packages.ts";

const BATCH = 1000;
const COMPANIES = 50;
const MANY = 4;

interface State {
  database: BenchDatabase;
  services: BenchServices;
  body: { metrics: unknown[] };
  copy: { statement: string; lines: Buffer; from: (statement: string) => Writable & pg.Submittable };
  headers: Record<"service" | "user", Record<string, string>>;
}

/** So many clients, batch after batch. @returns how many batches, and how many a second */
type Send = (state: State, clients: number, seconds: number) => Promise<{ done: number; rate: number }>;

const overHttp =
  (who: "service" | "user"): Send =>
  ({ services, headers, body }, clients, seconds) => {
    const request = { path: "/functions/v1/orchestration-metrics", headers: headers[who], body };
    return httpLoad({ url: services.functionsUrl, clients: Array.from({ length: clients }, () => [request]), seconds });
  };

const byCopy: Send = async ({ database, copy }, clients, seconds) => {
  const open = Array.from({ length: clients }, () => new pg.Client({ connectionString: database.url }));
  try {
    for (const client of open) await client.connect();
    const begun = performance.now();
    const end = begun + seconds * 1000;
    let done = 0;
    await Promise.all(
      open.map(async (client) => {
        while (performance.now() < end) {
          await pipeline(Readable.from([copy.lines]), client.query(copy.from(copy.statement)));
          done += 1;
        }
      }),
    );
    return { done, rate: (done / (performance.now() - begun)) * 1000 };
  } finally {
    await Promise.all(open.map((client) => client.end()));
  }
};

const contender = (name: string, send: Send): Contender<State> => ({
  name,
  prepare: ({ database }) =>
    database
      .query("truncate public.orchestration_metrics")
      .then(() => database.query("vacuum analyze"))
      .then(() => {}),
  async run(state, seconds) {
    const one = await send(state, 1, seconds / 2);
    const many = await send(state, MANY, seconds / 2);
    return { done: (one.done + many.done) * BATCH, figures: { one: one.rate * BATCH, many: many.rate * BATCH } };
  },
  count: ({ database }) => database.number("select count(*) from public.orchestration_metrics"),
});

const names = { service: "HTTP, a service", user: "HTTP, a user", copy: "COPY" };
const goal = (contender: string, figure: string) => ({ figure, contender, against: names.copy, atLeast: 0.4 });

export const intake: Bench<State> = {
  name: "intake",
  question: "How many metrics a second are taken in?",
  how:
    `Batches of ${BATCH} metrics of ${COMPANIES} companies, by 1 and by ${MANY} clients, into a table that is empty at ` +
    "first; each batch is a request to the functions, or a COPY of the same rows by pg-copy-streams as table owner, " +
    "who is asked for no rights. COPY reads lines that are ready-made.",
  figures: { one: "rows/s, 1 client", many: `rows/s, ${MANY} clients` },
  contenders: [
    contender(names.service, overHttp("service")),
    contender(names.user, overHttp("user")),
    contender(names.copy, byCopy),
  ],
  goals: [goal(names.service, "one"), goal(names.service, "many"), goal(names.user, "one"), goal(names.user, "many")],
  async setup(lab) {
    const database = await lab.database();
    await makeCompanies(database, { companies: COMPANIES, ofMember: COMPANIES });
    const services = await lab.services(database);
    const metrics = sentMetrics(BATCH, COMPANIES);
    const { columns, lines } = copyLines(metrics);
    const { from } = await importPackage<{ from: State["copy"]["from"] }>("pg-copy-streams");
    return {
      database,
      services,
      body: { metrics },
      copy: { statement: `copy public.orchestration_metrics (${columns}) from stdin`, lines: Buffer.from(lines), from },
      headers: { service: services.headers, user: await memberHeaders(services) },
    };
  },
};
