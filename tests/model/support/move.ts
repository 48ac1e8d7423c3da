import type { ProblemCode } from "../../../types/contracts/problems.ts";
import { type Machine, stateMachines } from "../../../types/state-machines.ts";
import type { Moved } from "./world.ts";

/** A row as an answer shows it; the contract of the operation has been checked by then. */
export interface Row {
  id: string;
  run_id: string;
  [column: string]: unknown;
}

/** The members of all answers. */
export interface Answer {
  session: Row;
  checkpoints: Row[];
  checkpoint: Row;
  handoff: Row;
  run: Row;
  runs: Row[];
  next: Row | null;
  generation: Row;
}

/** What the model says that a request comes to. */
export interface Expected {
  status: number;
  /** Of a refusal. */
  code?: ProblemCode;
  /** What the answer says, among other things. */
  says?: object;
  /** Makes the change in the world, and returns what the history has of it. */
  apply?: (answer: Answer) => Moved[];
}

/** Something that can be asked of the product now, whether it is to be refused or not. */
export interface Move {
  /** As in types/contracts/operations.ts: function, method, path. */
  operation: string;
  /** What makes it another one than the same operation in another situation, for walks that look for what is new. */
  situation?: string;
  /** Below /functions/v1/. */
  path: string;
  body?: Record<string, unknown>;
  /** The present attempt, of what is fenced by it. */
  attempt?: number;
  /** What comes of it when this actor asks. */
  expect(actor: string): Expected;
}

/** The status that an event leads to, or undefined where the machine does not allow it. */
export function leadsTo<S extends string>(machine: Machine, event: string, from: S | null): S | undefined {
  const found = stateMachines[machine].transitions.find((rule) => rule.event === event && rule.from === from);
  return found?.to as S | undefined;
}

export const refused = (code: ProblemCode, status: number, says: object = {}): Expected => ({ status, code, says });

export const illegal = (event: string, current: string): Expected =>
  refused("illegal_transition", 409, { event, current });

export const notFound = refused("not_found", 404);
