/** The state machines as diagrams, from the table that the database itself decides by. */

import { join } from "node:path";
import { z } from "zod";
import { type Operation, operations } from "../../types/contracts/operations.ts";
import { queryOnce } from "../catalogue.ts";
import { type CommentedFile, readCommentsOf } from "../openapi/comments.ts";
import { anchor, code, paragraphs, table } from "../openapi/markdown.ts";
import { commentOnRoute } from "../openapi/paths.ts";
import { repositoryRoot } from "../paths.ts";
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
  const comments = await readCommentsOf(join(repositoryRoot, "types", "contracts"));
  const machines = [...new Set(rules.map(({ machine }) => machine))];
  const sections = machines.flatMap((machine) => {
    const of = guarded.find((one) => one.machine === machine);
    if (!of) throw new Error(`no table moves by the machine ${machine}`);
    return section(of, inOrder(rules.filter((rule) => rule.machine === machine)), comments);
  });
  return `${[
    "# State machines",
    paragraphs(
      "Which event leads from which state to which. The database refuses every other move, whoever tries it, and records " +
        "each in `state_transitions`. The same as constants and types: " +
        "[types/state-machines.ts](../types/state-machines.ts).",
    ),
    paragraphs(
      "Services and operators make the moves, by the operations of the [HTTP API](http-api.md). An event has to be sent " +
        "with the fields that it needs. Where the state allows it, it may still be refused: with the " +
        "[problems](http-api.md#errors) in the last column, with `stale_attempt` where the request names an attempt that " +
        "is over, and with `illegal_transition` where another row is in the way, as a session that is not completed is " +
        "for sending its hand-off, or a hand-off that is not rejected for reopening its session.",
    ),
    ...sections,
  ].join("\n\n")}\n`;
}

/** What makes a row first, and then as a row goes through its states. */
export function inOrder(rules: Rule[]): Rule[] {
  const states: (string | null)[] = [null];
  const comeTo = (rule: Rule) => (states.includes(rule.to) ? 0 : states.push(rule.to));
  for (const state of states) for (const rule of rules) if (rule.from === state) comeTo(rule);
  // Rows that no event makes: the database does, by itself.
  for (const rule of rules) if (rule.from !== null && !states.includes(rule.from)) states.push(rule.from);
  const place = ({ from }: Rule) => states.indexOf(from);
  return [...rules].sort((one, other) => place(one) - place(other));
}

function section({ machine, table: name, comment }: Guarded, rules: Rule[], comments: CommentedFile[]): string[] {
  const events = [...new Set(rules.map(({ event }) => event))];
  return [
    `## ${machine}`,
    paragraphs(`[${name}](schema.md#${anchor(name)}): ${comment}`),
    code("mermaid", stateDiagram(rules)),
    table(
      ["event", "from", "to", "operation", "what happens", "needs", "refused with"],
      events.map((event) => {
        const own = rules.filter((rule) => rule.event === event);
        const from = own.flatMap((rule) => (rule.from === null ? [] : [`\`${rule.from}\``]));
        return [
          `\`${event}\``,
          from.join(", "),
          `\`${own[0]?.to}\``,
          ...described(operationOf(machine, event), comments),
        ];
      }),
    ),
  ];
}

/** Events that have no operation of their own, and the one that makes them. */
const madeBy: Record<string, string> = { "telemetry_run time_out": "telemetry.sweep" };

function operationOf(machine: string, event: string): Operation {
  const name = madeBy[`${machine} ${event}`];
  const found = operations.find((one) => one.name === name || (one.machine === machine && one.event === event));
  if (!found) throw new Error(`no operation makes the event ${event} of ${machine}`);
  return found;
}

function described({ name, request, refusals = [] }: Operation, comments: CommentedFile[]): string[] {
  const [group = "", own = ""] = name.split(".");
  const shape = request instanceof z.ZodObject ? request.shape : {};
  const required = Object.keys(shape).filter((field) => !shape[field].safeParse(undefined).success);
  return [
    `[${name}](http-api.md#${anchor(name)})`,
    commentOnRoute(comments, group, own),
    required.map((field) => `\`${field}\``).join(", "),
    refusals.map((refusal) => `\`${refusal}\``).join(", "),
  ];
}

/** One arrow for each rule; states that nothing leads out of are ends. */
export function stateDiagram(rules: Rule[]): string {
  const arrows = rules.map(({ event, from, to }) => `  ${from ?? "[*]"} --> ${to}: ${event}`);
  const ends = new Set(rules.map(({ to }) => to));
  for (const { from } of rules) if (from !== null) ends.delete(from);
  return ["stateDiagram-v2", ...arrows, ...[...ends].sort().map((end) => `  ${end} --> [*]`)].join("\n");
}
