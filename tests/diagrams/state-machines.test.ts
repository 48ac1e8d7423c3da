import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { inOrder, stateDiagram } from "../../local/diagrams/state-machines.ts";
import { repositoryRoot } from "../../local/paths.ts";
import { stateMachines } from "../../types/state-machines.ts";

const page = await readFile(join(repositoryRoot, "docs", "state-machines.md"), "utf8");

/** Lines of a machine's diagram after its first. */
function diagramOf(machine: string): string[] {
  const [, section = ""] = page.split(`\n## ${machine}\n`);
  const [, diagram = ""] = /^```mermaid\n([\s\S]*?)\n```$/m.exec(section) ?? [];
  const [kind, ...lines] = diagram.split("\n");
  expect(kind).toBe("stateDiagram-v2");
  return lines;
}

test("there is a diagram of every machine, and no other", () => {
  expect([...page.matchAll(/^## (.+)$/gm)].map(([, name]) => name)).toEqual(Object.keys(stateMachines));
  expect(page.match(/^```mermaid$/gm)).toHaveLength(Object.keys(stateMachines).length);
});

describe.each(Object.entries(stateMachines))("%s", (machine, { statuses, transitions }) => {
  test("every transition is an arrow, once, and every arrow is one", () => {
    const arrows = diagramOf(machine).filter((line) => line.includes(": "));
    const expected = transitions.map(({ event, from, to }) => `  ${from ?? "[*]"} --> ${to}: ${event}`);
    expect([...arrows].sort()).toEqual([...expected].sort());
  });

  test("every event is in the table, once, with the states that it leads from", () => {
    const [, section = ""] = page.split(`\n## ${machine}\n`);
    const [table = ""] = section.split("\n## ");
    const rows = [...table.matchAll(/^\| `(\w+)` \| (.*?) \| `(\w+)` \| \[/gm)].map(([, event, from = "", to]) => ({
      event,
      from: from === "" ? [] : from.split(", ").sort(),
      to,
    }));
    const expected = [...new Set(transitions.map(({ event }) => event))].map((event) => {
      const own = transitions.filter((transition) => transition.event === event);
      const from = own.flatMap((transition) => (transition.from === null ? [] : [`\`${transition.from}\``]));
      return { event, from: from.sort(), to: own[0]?.to };
    });
    const sorted = (list: { event?: string }[]) =>
      [...list].sort((one, other) => (String(one.event) < String(other.event) ? -1 : 1));
    expect(sorted(rows)).toEqual(sorted(expected));
  });

  test("the other lines are the ends: states that nothing leads out of", () => {
    const ends = diagramOf(machine).filter((line) => !line.includes(": "));
    const left: (string | null)[] = transitions.map(({ from }) => from);
    const stuck = statuses.filter((status) => !left.includes(status));
    expect(ends).toEqual(stuck.map((status) => `  ${status} --> [*]`));
  });
});

test("a state in which a row stays has no end", () => {
  const rules = [
    { machine: "m", event: "begin", from: null, to: "a" },
    { machine: "m", event: "stay", from: "a", to: "a" },
    { machine: "m", event: "end", from: "a", to: "b" },
  ];
  expect(stateDiagram(rules).split("\n")).toEqual([
    "stateDiagram-v2",
    "  [*] --> a: begin",
    "  a --> a: stay",
    "  a --> b: end",
    "  b --> [*]",
  ]);
});

test("moves are told as a row makes them, also where no event makes the row", () => {
  const move = (from: string | null, to: string) => ({ machine: "m", event: `${from} to ${to}`, from, to });
  const told = (...rules: ReturnType<typeof move>[]) => inOrder(rules).map(({ event }) => event);
  expect(told(move("c", "d"), move("a", "c"), move(null, "a"), move("b", "a"), move("a", "b"))).toEqual([
    "null to a",
    "a to c",
    "a to b",
    "c to d",
    "b to a",
  ]);
  expect(told(move("y", "x"), move("x", "x"))).toEqual(["y to x", "x to x"]);
});
