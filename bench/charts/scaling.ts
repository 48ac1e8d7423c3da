import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type StoredResult, stored } from "../harness/results.ts";
import { type LineChart, lineChart } from "./line-chart.ts";

/** A scaling question: a bench whose contenders do the same at several sizes. */
interface Question {
  bench: string;
  /** Name of the file, where it is not that of the bench. */
  file?: string;
  title: string;
  xLabel: string;
  /** Of the figures by the names that they have in the chart; `of` picks the contenders by their names. */
  lines: { name: string; figure: string; of?: RegExp }[];
}

const questions: Question[] = [
  {
    bench: "claim-latency",
    title: "Claim of a telemetry run, by finished runs",
    xLabel: "finished runs in the table",
    lines: [
      { name: "p50", figure: "p50" },
      { name: "p95", figure: "p95" },
    ],
  },
  {
    bench: "history",
    title: "Transition, and history of one directive, by rows of history",
    xLabel: "rows in state_transitions",
    lines: [
      { name: "transition", figure: "transition" },
      { name: "history", figure: "history" },
    ],
  },
  {
    bench: "dashboard",
    title: "Dashboard of one company by SQL, by metrics of all companies",
    xLabel: "metrics of 1 000 companies, summed up for 30 days of one",
    lines: [
      { name: "p50", figure: "p50", of: /^SQL/ },
      { name: "p95", figure: "p95", of: /^SQL/ },
    ],
  },
  {
    bench: "dashboard",
    file: "dashboard-http",
    title: "Dashboard of one company over HTTP, by metrics of all companies",
    xLabel: "metrics of 1 000 companies, summed up for 30 days of one",
    lines: [
      { name: "p50", figure: "p50", of: /^HTTP/ },
      { name: "p95", figure: "p95", of: /^HTTP/ },
    ],
  },
];

/** The size that a contender's name tells, such as 1000 of `1 000 finished runs`. */
function sizeOf(name: string): number {
  const size = Number(/\d[\d ]*/.exec(name)?.[0].replaceAll(" ", ""));
  if (!size) throw new Error(`"${name}" names no size`);
  return size;
}

function chartOf({ title, xLabel, lines }: Question, result: StoredResult): LineChart {
  const { cpu, cores } = result.machine;
  return {
    title,
    subtitle: `Median and range of ${result.rounds} rounds, PostgreSQL ${result.versions.PostgreSQL}, ${cpu}, ${cores} cores`,
    xLabel,
    unit: "ms",
    lines: lines.map(({ name, figure, of = /./ }) => ({
      name,
      points: result.contenders
        .filter((contender) => of.test(contender.name))
        .map((contender) => {
          const values = contender.figures[figure];
          if (!values) throw new Error(`${contender.name} has no figure ${figure}`);
          return { x: sizeOf(contender.name), median: values.median, min: values.min, max: values.max };
        })
        .sort((a, b) => a.x - b.x),
    })),
  };
}

/**
 * Draws each scaling question that there are results of.
 *
 * @returns the files written
 * @throws Error where there is no file of results
 */
export async function writeCharts(resultsFile: string, folder: string): Promise<string[]> {
  const results = await stored(resultsFile);
  await mkdir(folder, { recursive: true });
  const written: string[] = [];
  for (const question of questions) {
    const result = results[question.bench];
    if (!result) continue;
    const file = join(folder, `${question.file ?? question.bench}.svg`);
    await writeFile(file, lineChart(chartOf(question, result)));
    written.push(file);
  }
  return written;
}
