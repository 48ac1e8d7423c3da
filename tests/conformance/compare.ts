import type { Facts, TableFacts } from "./facts.ts";

/** Something that a document and a database say differently; null where one says nothing about it. */
export interface Difference {
  /** E.g. `okr_generation_log.columns.period`; a table's name alone for a whole table. */
  path: string;
  documented: string | null;
  now: string | null;
}

/** Each fact of a table in one readable line, by its path. */
function statements(facts: TableFacts): Map<string, string> {
  const said = new Map<string, string>([["rls", facts.rls]]);
  for (const { name, type, nullable, default: byDefault } of facts.columns) {
    const rest = `${nullable ? "" : " not null"}${byDefault === null ? "" : ` default ${byDefault}`}`;
    said.set(`columns.${name}`, `${type}${rest}`);
  }
  for (const [name, definition] of Object.entries(facts.constraints)) said.set(`constraints.${name}`, definition);
  for (const [name, definition] of Object.entries(facts.indexes)) said.set(`indexes.${name}`, definition);
  for (const [name, { command, roles, using, withCheck }] of Object.entries(facts.policies)) {
    const conditions = `${using ? ` using ${using}` : ""}${withCheck ? ` with check ${withCheck}` : ""}`;
    said.set(`policies.${name}`, `${command} to ${roles}${conditions}`);
  }
  for (const [name, { timing, action }] of Object.entries(facts.triggers)) {
    said.set(`triggers.${name}`, `${timing} ${action}`);
  }
  return said;
}

/** The order of those columns that both have: an added or missing one is a difference of its own. */
function columnOrder(facts: TableFacts, other: TableFacts): string {
  const names = new Set(other.columns.map(({ name }) => name));
  return facts.columns
    .map(({ name }) => name)
    .filter((name) => names.has(name))
    .join(", ");
}

/** Everything that documents and a database say differently, both ways, by path in alphabetical order. */
export function differences(documented: Facts, found: Facts): Difference[] {
  const different: Difference[] = [];
  for (const table of new Set([...Object.keys(documented), ...Object.keys(found)])) {
    const [before, after] = [documented[table], found[table]];
    if (!before || !after) {
      different.push({ path: table, documented: before ? "table" : null, now: after ? "table" : null });
      continue;
    }
    const [said, says] = [statements(before), statements(after)];
    said.set("columnOrder", columnOrder(before, after));
    says.set("columnOrder", columnOrder(after, before));
    for (const fact of new Set([...said.keys(), ...says.keys()])) {
      const difference = { path: `${table}.${fact}`, documented: said.get(fact) ?? null, now: says.get(fact) ?? null };
      if (difference.documented !== difference.now) different.push(difference);
    }
  }
  return different.sort((one, other) => (one.path < other.path ? -1 : 1));
}
