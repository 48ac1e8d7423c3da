import { randomInt } from "node:crypto";
import { readCommandLine, runScript } from "../../local/command-line.ts";
import { exitOnSignals } from "../../local/processes.ts";
import { runSoak } from "./support/soak.ts";
import { progressLine, summary } from "./support/summary.ts";

const help = `Puts a PostgreSQL server and edge functions of its own under load, kills and
disturbs them again and again, and then compares what callers were answered
with what is in the database.

Usage: npm run test:soak [-- options]

  --minutes <n>   how long (default 10; fractions will do)
  --seed <n>      begin with the choices of an earlier run, which printed it
  --help          this text

A line every half minute, a summary at the end. Exit code: 0 every promise was
kept, 1 one was broken, or the soak itself failed.
`;

function number(name: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (!(value > 0 && value < 2 ** 31)) throw new Error(`--${name} takes a number above 0, not "${text}"`);
  return value;
}

async function main(args: string[]): Promise<number> {
  const options = {
    minutes: { type: "string" },
    seed: { type: "string" },
  } as const;
  const { values } = readCommandLine("npm run test:soak", { args, options });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const minutes = number("minutes", values.minutes, 10);
  const seed = number("seed", values.seed, randomInt(1, 2 ** 31));
  const stopListening = exitOnSignals();
  process.stdout.write(`Soaking for ${minutes} minutes; seed ${seed}\n`);
  const soak = await runSoak({
    // A tenth of the time without load, for a model that foretells every answer.
    ...{ seed, walkMs: minutes * 6_000, milliseconds: minutes * 54_000 },
    ...{ calmMs: 6_000, callers: 8, pauseMs: 40, recoverWithinMs: 5_000 },
    progress: (running) => process.stdout.write(`${progressLine(running)}\n`),
  });
  process.stdout.write(`\n${summary(soak)}`);
  stopListening();
  return soak.broken.length === 0 ? 0 : 1;
}

runScript(() => main(process.argv.slice(2)));
