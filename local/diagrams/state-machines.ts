/** The state machines as diagrams, from the table that the database itself decides by. */

import { operations } from "../../types/contracts/operations.ts";
import { queryOnce } from "../catalogue.ts";
import { anchor, code, paragraphs, table } from "../openapi/markdown.ts";
import type { ScratchDatabase } from "../scratch-database.ts";
import { type Rule, readRules } from "../state-machines.ts";

/** A table whose rows move by a machine. */
interface Guarded {
  machine: string;
  table: string;
  comment: string;
}

/** The tables that the guard watches, as its triggers name their machines. */
const GUARDED = `
select distinct
  split_part(encode(trigger.tgargs, 'escape'), '\\000', 1) as machine,
  class.relname as table,
  obj_description(class.oid, 'pg_class') as comment
from pg_trigger trigger
join pg_class class on class.oid = trigger.tgrelid
where trigger.tgfoid = 'leo.guard_and_record()'::regprocedure
order by machine`;

/** The text of docs/state-machines.md. */
export async function stateMachinesPage({ url }: ScratchDatabase): Promise<string> {
  const rules = await readRules(url);
  const guarded = await queryOnce<Guarded>(url, GUARDED);
  const machines = [...new Set(rules.map(({ machine }) => machine))];
  const sections = machines.flatMap((machine) => {
    const of = guarded.find((one) => one.machine === machine);
    if (!of) throw new Error(`no table moves by the machine ${machine}`);
    return section(
      of,
      rules.filter((rule) => rule.machine === machine),
    );
  });
  return `${[
    "# State machines",
    paragraphs(
      "Which event leads from which state to which. The database refuses every other move, whoever tries it, and records " +
        "each in `state_transitions`. The same as constants and types: " +
        "[types/state-machines.ts](../types/state-machines.ts).",
    ),
    ...sections,
  ].join("\n\n")}\n`;
}

function section({ machine, table: name, comment }: Guarded, rules: Rule[]): string[] {
  const rows = rules.map(({ event, from, to }) => [
    `\`${event}\``,
    from === null ? "" : `\`${from}\``,
    `\`${to}\``,
    howTo(machine, event),
  ]);
  return [
    `## ${machine}`,
    paragraphs(`[${name}](schema.md#${anchor(name)}): ${comment}`),
    code("mermaid", stateDiagram(rules)),
    table(["event", "from", "to", "by"], rows),
  ];
}

function howTo(machine: string, event: string): string {
  const operation = operations.find((one) => one.machine === machine && one.event === event);
  return operation ? `[${operation.name}](http-api.md#${anchor(operation.name)})` : "the database";
}

/** One arrow for each rule; states that nothing leads out of are ends. */
export function stateDiagram(rules: Rule[]): string {
  const arrows = rules.map(({ event, from, to }) => `  ${from ?? "[*]"} --> ${to}: ${event}`);
  const ends = new Set(rules.map(({ to }) => to));
  for (const { from } of rules) if (from !== null) ends.delete(from);
  return ["stateDiagram-v2", ...arrows, ...[...ends].sort().map((end) => `  ${end} --> [*]`)].join("\n");
}
