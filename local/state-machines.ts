import { queryOnce } from "./catalogue.ts";
import type { ScratchDatabase } from "./scratch-database.ts";

/** A row of leo.state_transitions_allowed. */
export interface Rule {
  machine: string;
  event: string;
  /** Null where the event creates the row. */
  from: string | null;
  to: string;
}

/** A name of the database in the form of a TypeScript type, e.g. exec_session as ExecSession. */
const typeName = (name: string) => name.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());

const distinct = (values: (string | null)[]) => [...new Set(values.filter((value) => value !== null))].sort();

/** Every move that is allowed, by machine and event. */
export function readRules(url: string): Promise<Rule[]> {
  return queryOnce<Rule>(
    url,
    `select machine, event, from_status as "from", to_status as "to" from leo.state_transitions_allowed
     order by machine collate "C", event collate "C", from_status collate "C" nulls first`,
  );
}

/** The state machines as the live transition table has them: constants, and the unions that follow from them. */
export async function generateStateMachines({ url }: ScratchDatabase): Promise<string> {
  const rules = await readRules(url);
  const names = distinct(rules.map(({ machine }) => machine));
  const machines = names.map((name) => {
    const own = rules.filter(({ machine }) => machine === name);
    const members = {
      statuses: distinct(own.flatMap(({ from, to }) => [from, to])),
      events: distinct(own.map(({ event }) => event)),
      transitions: own.map(({ event, from, to }) => ({ event, from, to })),
    };
    return `${name}: ${JSON.stringify(members)}`;
  });
  const unions = names.map(
    (name) => `export type ${typeName(name)}Status = Status<"${name}">;
export type ${typeName(name)}Event = Event<"${name}">;`,
  );
  return `/** Every state machine: its statuses, its events, and which event leads from which status to which. */
export const stateMachines = {
${machines.join(",\n")}
} as const;

export type Machine = keyof typeof stateMachines;
export type Status<M extends Machine> = (typeof stateMachines)[M]["statuses"][number];
export type Event<M extends Machine> = (typeof stateMachines)[M]["events"][number];
/** A move; \`from\` is null where the event creates the row. */
export type Transition<M extends Machine> = (typeof stateMachines)[M]["transitions"][number];

${unions.join("\n")}
`;
}
