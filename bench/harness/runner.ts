import type { Bench, Contender, Goal } from "./bench.ts";
import type { Lab } from "./lab.ts";
import { type Spread, spread } from "./stats.ts";

/** All rounds of one contender. */
export interface ContenderResult {
  name: string;
  /** Operations over all rounds, as counted in the database. */
  done: number;
  figures: Record<string, Spread & { unit: string; rounds: number[] }>;
}

/** A goal, and what was reached: of a ratio, the ratios within each round. */
export interface GoalResult extends Goal, Spread {
  met: boolean;
}

/** What one bench found. */
export interface BenchResult {
  name: string;
  question: string;
  how: string;
  rounds: number;
  contenders: ContenderResult[];
  goals: GoalResult[];
}

const usualRounds = { full: 7, quick: 3 };
const usualSeconds = { full: 4, quick: 1 };

/** @throws Error when the database has not seen what the contender says it did */
async function runChecked<State>(contender: Contender<State>, state: State, seconds: number, figures: string[]) {
  await contender.prepare?.(state);
  const before = await contender.count(state);
  const measured = await contender.run(state, seconds);
  const counted = (await contender.count(state)) - before;
  if (counted !== measured.done || counted <= 0) {
    throw new Error(`${contender.name} says that it did ${measured.done} operations; the database counts ${counted}`);
  }
  for (const figure of figures) {
    if (!Number.isFinite(measured.figures[figure])) throw new Error(`${contender.name} did not measure ${figure}`);
  }
  return measured;
}

/** The goal, met by the median over the rounds. */
function judge(goal: Goal, results: ContenderResult[]): GoalResult {
  const roundsOf = (name: string) => {
    const rounds = results.find((result) => result.name === name)?.figures[goal.figure]?.rounds;
    if (!rounds) throw new Error(`a goal asks for ${goal.figure} of ${name}, which was not measured`);
    return rounds;
  };
  const own = roundsOf(goal.contender);
  const other = goal.against === undefined ? own.map(() => 1) : roundsOf(goal.against);
  const reached = spread(own.map((value, round) => value / (other[round] ?? Number.NaN)));
  const { atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY } = goal;
  return { ...goal, ...reached, met: reached.median <= atMost && reached.median >= atLeast };
}

/**
 * Sets a bench up and puts it to its contenders, round by round in turn, after one round that is thrown away.
 *
 * @param say is told what goes on
 * @throws Error when a contender failed, or did not do what it says
 */
export async function runBench<State>(
  bench: Bench<State>,
  lab: Lab,
  say: (text: string) => void,
): Promise<BenchResult> {
  const size = lab.quick ? "quick" : "full";
  const rounds = (bench.rounds ?? usualRounds)[size];
  const seconds = (bench.seconds ?? usualSeconds)[size];
  const names = Object.keys(bench.figures);
  say("setting up");
  const state = await bench.setup(lab);
  const measured = new Map<Contender<State>, { done: number; figures: Record<string, number>[] }>(
    bench.contenders.map((contender) => [contender, { done: 0, figures: [] }]),
  );
  for (let round = 0; round <= rounds; round += 1) {
    // Whoever goes first in one round goes last in the next.
    const turn = round % bench.contenders.length;
    const order = [...bench.contenders.slice(turn), ...bench.contenders.slice(0, turn)];
    for (const contender of order) {
      say(round === 0 ? `warming up: ${contender.name}` : `round ${round} of ${rounds}: ${contender.name}`);
      const { done, figures } = await runChecked(contender, state, seconds, names);
      const all = measured.get(contender);
      if (round === 0 || !all) continue;
      all.done += done;
      all.figures.push(figures);
    }
  }
  const contenders = [...measured].map(([{ name }, { done, figures }]): ContenderResult => {
    const byFigure = Object.entries(bench.figures).map(([figure, unit]) => {
      const values = figures.map((round) => round[figure] ?? Number.NaN);
      return [figure, { unit, ...spread(values), rounds: values }];
    });
    return { name, done, figures: Object.fromEntries(byFigure) };
  });
  const goals = bench.goals.map((goal) => judge(goal, contenders));
  return { name: bench.name, question: bench.question, how: bench.how, rounds, contenders, goals };
}
