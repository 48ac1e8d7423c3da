import type { Lab } from "./lab.ts";

/** What a contender did in one round, by its own account. */
export interface Measured {
  /** Operations; what the database counts has to agree. */
  done: number;
  /** One value per figure of the bench. */
  figures: Record<string, number>;
}

/** One way to do the work, measured in turn with the others. */
export interface Contender<State> {
  name: string;
  /** Brings the rows to where each round begins; not measured. */
  prepare?(state: State): Promise<void>;
  /** Does the work for the time given, and measures it. */
  run(state: State, seconds: number): Promise<Measured>;
  /** How many operations the database has seen so far; what a round adds has to be what `run` says. */
  count(state: State): Promise<number>;
}

/** A bound on a figure of one contender, or on its ratio to another's. */
export interface Goal {
  figure: string;
  contender: string;
  /** The contender to divide by; without it the figure itself is bounded. */
  against?: string;
  atMost?: number;
  atLeast?: number;
}

/** One question, put to several contenders in one run. */
export interface Bench<State = unknown> {
  name: string;
  question: string;
  /** What is measured and on what, for a reader of the table. */
  how: string;
  /** Units by figure, such as `{ p50: "ms", rate: "/s" }`; the first ones are shown first. */
  figures: Record<string, string>;
  contenders: Contender<State>[];
  goals: Goal[];
  /** Other than the usual number of rounds, and seconds of one contender in one round. */
  rounds?: { full: number; quick: number };
  seconds?: { full: number; quick: number };
  /** Makes the data set; what it starts is ended with the lab. */
  setup(lab: Lab): Promise<State>;
}
