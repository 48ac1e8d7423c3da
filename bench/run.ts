import { join, relative } from "node:path";
import { readCommandLine, runScript } from "../local/command-line.ts";
import { chooseDriver } from "../local/edge-functions.ts";
import { repositoryRoot } from "../local/paths.ts";
import { exitOnSignals } from "../local/processes.ts";
import { withScratchDatabase } from "../local/scratch-database.ts";
import { messageOf } from "../local/stack-error.ts";
import { benches } from "./benches/index.ts";
import { writeGoals } from "./charts/goals-table.ts";
import { writeCharts } from "./charts/scaling.ts";
import type { Bench } from "./harness/bench.ts";
import { type LabServer, withLab } from "./harness/lab.ts";
import { machine, versions } from "./harness/machine.ts";
import { installPackages } from "./harness/packages.ts";
import { table, wrapped } from "./harness/report.ts";
import { type Circumstances, store } from "./harness/results.ts";
import { runBench } from "./harness/runner.ts";

const help = `Measures, on a PostgreSQL of its own and real HTTP, and compares with the goals.

Usage: npm run bench [-- options] [name …]

  --quick     small data sets and short rounds: whether it works, not how fast
  --durable   the server waits for the disk at each commit, as in production
              (here it does not: then a commit costs little, and what is put
              before the database weighs more)
  --again     writes to bench/results/again.json instead: the same run once
              more, to show the spread
  --charts    measures nothing: draws docs/performance/*.svg from
              bench/results/latest.json, and writes the table of goals in
              docs/performance.md from that and again.json
  --list      names and questions
  --help      this text

A name also stands for those that begin with it: transitions, transitions-1.
Without names: all. Results are printed, and written to
bench/results/latest.json (of --quick and --durable: to files of these names).
The exit code says whether everything ran and did the work that it was timed
for; whether a goal is met is in the table.
`;

/** More than PostgreSQL's own 128 MB of buffers, and no checkpoints in the middle of a round. */
const serverSettings = {
  shared_buffers: "1GB",
  effective_cache_size: "3GB",
  max_wal_size: "8GB",
  checkpoint_timeout: "30min",
  max_connections: "200",
};

function chosen(names: string[]): Bench[] {
  const matches = (name: string) => benches.filter((bench) => bench.name === name || bench.name.startsWith(`${name}-`));
  const unknown = names.find((name) => matches(name).length === 0);
  if (unknown !== undefined) throw new Error(`there is no bench "${unknown}"; see npm run bench -- --list`);
  return names.length === 0
    ? [...benches]
    : benches.filter((bench) => names.some((name) => matches(name).includes(bench)));
}

const resultsFile = (name: "latest" | "again" | "durable" | "quick") =>
  join(repositoryRoot, "bench", "results", `${name}.json`);

/** Where the work stands, on a terminal only. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

async function runAll(server: LabServer, list: Bench[], about: Circumstances, file: string): Promise<number> {
  let failed = 0;
  for (const bench of list) {
    try {
      const result = await withLab(server, (lab) => runBench(bench, lab, (text) => progress(`${bench.name}: ${text}`)));
      progress("");
      process.stdout.write(table(result));
      await store(file, result, about);
    } catch (error) {
      progress("");
      failed += 1;
      process.stdout.write(`\n${bench.name}\n  FAILED ${messageOf(error)}\n`);
    }
  }
  return failed;
}

async function main(args: string[]): Promise<number> {
  const flag = { type: "boolean", default: false } as const;
  const { values, positionals } = readCommandLine("npm run bench", {
    args,
    options: { quick: flag, durable: flag, again: flag, charts: flag, list: flag },
    allowPositionals: true,
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  if (values.charts) {
    const folder = join(repositoryRoot, "docs", "performance");
    const files = await writeCharts(resultsFile("latest"), folder);
    const documents = [`${folder}.md`, join(repositoryRoot, "README.md")];
    for (const document of documents) await writeGoals(resultsFile("latest"), resultsFile("again"), document);
    for (const file of [...files, ...documents]) process.stdout.write(`${relative(repositoryRoot, file)}\n`);
    return 0;
  }
  const list = chosen(positionals);
  if (values.list) {
    for (const { name, question } of list) process.stdout.write(`${name}\n${wrapped(question, "  ")}`);
    return 0;
  }
  const stopListening = exitOnSignals();
  await installPackages((text) => process.stdout.write(`${text}\n`));
  const { quick, durable, again } = values;
  const driver = await chooseDriver();
  const failed = await withScratchDatabase(
    async ({ url, adminUrl }) => {
      const server: LabServer = { url, adminUrl, driver, quick };
      const about: Circumstances = {
        measured_at: new Date().toISOString(),
        quick,
        durable,
        machine: machine(),
        versions: await versions(server),
      };
      const { cpu, cores, memory_gib, kernel } = about.machine;
      process.stdout.write(`${cpu}, ${cores} cores, ${memory_gib} GiB, ${kernel}\n`);
      const used = Object.entries(about.versions).map(([name, version]) => `${name} ${version}`);
      process.stdout.write(wrapped(used.join(" · "), ""));
      const commit = durable ? "waits for the disk at commit" : "does not wait for the disk at commit";
      process.stdout.write(wrapped(`The server ${commit}. Medians of the rounds, least and greatest in brackets.`, ""));
      if (quick) process.stdout.write("Quick: figures of small data sets and short rounds.\n");
      return runAll(
        server,
        list,
        about,
        resultsFile(quick ? "quick" : durable ? "durable" : again ? "again" : "latest"),
      );
    },
    { disposable: !durable, settings: serverSettings },
  );
  stopListening();
  return failed === 0 ? 0 : 1;
}

runScript(() => main(process.argv.slice(2)));
