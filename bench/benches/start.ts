import { readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { freePort, requireFreePort } from "../../local/ports.ts";
import type { LocalSecrets } from "../../local/secrets.ts";
import { startCommand, temporaryState } from "../../tests/support/start-command.ts";
import type { Bench } from "../harness/bench.ts";

interface State {
  /** Where the stack keeps its database: of the next first start, and of all second ones. */
  first: string;
  second: string;
  remove(): Promise<void>;
  /** Starts after which the stack answered and had its data. */
  answered: { first: number; second: number };
}

/** A port of which the next one, PostgreSQL's, is free too. */
async function freePortPair(): Promise<number> {
  for (;;) {
    const port = await freePort();
    const isPair =
      port < 65_535 &&
      (await requireFreePort(port + 1, "", "").then(
        () => true,
        () => false,
      ));
    if (isPair) return port;
  }
}

/** Whether the functions answer, and the demo data is there. */
async function answers(directory: string, port: number): Promise<boolean> {
  const health = await fetch(`http://127.0.0.1:${port}/functions/v1/health`);
  const { databasePassword } = JSON.parse(await readFile(join(directory, "secrets.json"), "utf8")) as LocalSecrets;
  const client = new pg.Client({ host: "127.0.0.1", port: port + 1, user: "postgres", password: databasePassword });
  await client.connect();
  try {
    const { rows } = await client.query("select count(*)::integer as directives from public.strategic_directives_v2");
    return health.ok && rows[0].directives > 0;
  } finally {
    await client.end();
  }
}

/** Starts a stack and stops it. @returns seconds until it said that it is ready */
async function start(directory: string): Promise<{ seconds: number; answered: boolean }> {
  const port = await freePortPair();
  const begun = performance.now();
  const command = startCommand(directory, ["--port", String(port)]);
  try {
    await command.ready;
    const seconds = (performance.now() - begun) / 1000;
    return { seconds, answered: await answers(directory, port) };
  } finally {
    command.child.kill("SIGTERM");
    await command.exit;
  }
}

async function measure(directory: string, count: () => void) {
  const { seconds, answered } = await start(directory);
  if (answered) count();
  return { done: 1, figures: { seconds } };
}

/** From the command to "Ready". */
export const startBench: Bench<State> = {
  name: "start",
  question: "How long does npm start take until the stack is ready?",
  how: "From the command to its line “Ready”; the first start makes, migrates and fills the database. Without npm ci.",
  figures: { seconds: "s" },
  rounds: { full: 5, quick: 1 },
  contenders: [
    {
      name: "first start",
      async prepare(state) {
        await state.remove();
        Object.assign(state, await temporaryFirst());
      },
      run: ({ first, answered }) =>
        measure(first, () => {
          answered.first += 1;
        }),
      count: async ({ answered }) => answered.first,
    },
    {
      name: "second start",
      run: ({ second, answered }) =>
        measure(second, () => {
          answered.second += 1;
        }),
      count: async ({ answered }) => answered.second,
    },
  ],
  goals: [
    { figure: "seconds", contender: "first start", atMost: 10 },
    { figure: "seconds", contender: "second start", atMost: 6 },
  ],
  async setup(lab) {
    const { directory: second, remove } = await temporaryState();
    const state: State = { second, ...(await temporaryFirst()), answered: { first: 0, second: 0 } };
    lab.later(async () => {
      await state.remove();
      await remove();
    });
    await start(second);
    return state;
  },
};

async function temporaryFirst(): Promise<Pick<State, "first" | "remove">> {
  const { directory: first, remove } = await temporaryState();
  return { first, remove };
}
