/** Which moves of a state machine an operation makes. */

import type { Operation } from "../../types/contracts/operations.ts";
import { type Machine, stateMachines } from "../../types/state-machines.ts";

/** From one state to another; from null where the row is made. */
export interface Move {
  from: string | null;
  to: string;
}

/** Its moves in the order of the table of transitions; none where it moves nothing. */
export function movesOf({ machine, event }: Operation): Move[] {
  if (machine === undefined) return [];
  const transitions: readonly (Move & { event: string })[] = stateMachines[machine as Machine].transitions;
  return transitions.filter((transition) => transition.event === event);
}

/** The moves in a sentence, or undefined. */
export function movesInWords(operation: Operation): string | undefined {
  const moves = movesOf(operation);
  const [first] = moves;
  if (!first) return undefined;
  if (first.from === null) return `Makes one that is \`${first.to}\`.`;
  const from = moves.map((move) => `\`${move.from}\``).join(" or ");
  const stays = moves.every((move) => move.from === move.to);
  return stays ? `It has to be ${from}, and stays so.` : `From ${from} to \`${first.to}\`.`;
}
