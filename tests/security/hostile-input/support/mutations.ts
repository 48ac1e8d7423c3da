/** Bodies around a contract: one that it accepts, and then something is changed here and there. */

import fc from "fast-check";
import type { z } from "zod";
import { accepted } from "./contract-bodies.ts";
import { hostileName, hostileText } from "./hostile-texts.ts";
import { hostileValue, valuesAtLimits } from "./hostile-values.ts";
import { Members } from "./json-text.ts";

type Path = (string | number)[];

/** One change of a body; `place` counts its values, from the outside in. */
type Mutation = { place: number } & (
  | { kind: "drop" | "wrap" | "quote" | "unwrap" }
  | { kind: "replace"; value: unknown }
  | { kind: "add" | "repeat"; name: string; value: unknown }
  | { kind: "rename"; name: string }
);

/** A body that `contract` accepts, as changed by one to three mutations. */
export function around(contract: z.ZodType): fc.Arbitrary<unknown> {
  const value = fc.oneof({ weight: 2, arbitrary: hostileValue }, { weight: 1, arbitrary: valuesAtLimits(contract) });
  const place = fc.nat(60);
  const mutation: fc.Arbitrary<Mutation> = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("replace" as const), place, value }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("drop", "wrap", "quote", "unwrap"), place }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("add", "repeat"), place, name: hostileName, value }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("rename" as const), place, name: hostileText }) },
  );
  return fc
    .tuple(accepted(contract), fc.array(mutation, { minLength: 1, maxLength: 3 }))
    .map(([body, mutations]) => mutations.reduce(mutate, body));
}

function mutate(body: unknown, mutation: Mutation): unknown {
  const paths = pathsOf(body);
  const path = paths[mutation.place % paths.length] ?? [];
  switch (mutation.kind) {
    case "replace":
      return changed(body, path, () => mutation.value);
    case "drop":
      return path.length === 0 ? null : changed(body, path, () => undefined);
    case "wrap":
      return changed(body, path, (value) => [value]);
    case "unwrap":
      return changed(body, path, (value) => Object.values(Object(value))[0] ?? null);
    case "quote":
      return changed(body, path, (value) => JSON.stringify(value) ?? "");
    case "add":
      return changed(body, nearestObject(body, path), (value) => addedTo(value, mutation.name, mutation.value));
    case "repeat":
      return changed(body, nearestObject(body, path), (value) => repeatedIn(value, mutation.place, mutation.value));
    case "rename":
      return changed(body, nearestObject(body, path), (value) => renamedIn(value, mutation.place, mutation.name));
  }
}

/** Every place in a body, up to a few, in an order that reaches all fields before what is in them. */
function pathsOf(body: unknown): Path[] {
  const found: Path[] = [[]];
  for (let next = 0; next < found.length && found.length < 60; next += 1) {
    const path = found[next] ?? [];
    const value = path.reduce<unknown>((inside, key) => (inside as Record<string | number, unknown>)[key], body);
    if (isPlain(value)) for (const key of Object.keys(value)) found.push([...path, key]);
    else if (Array.isArray(value)) for (const index of value.slice(0, 3).keys()) found.push([...path, index]);
  }
  return found;
}

/** A copy in which one place is another value, or gone where that is undefined. */
function changed(body: unknown, [key, ...rest]: Path, change: (value: unknown) => unknown): unknown {
  if (key === undefined) return change(body);
  if (Array.isArray(body)) return body.map((item, index) => (index === key ? changed(item, rest, change) : item));
  const members = Object.entries(body as object).map(([name, value]): [string, unknown] => [
    name,
    name === key ? changed(value, rest, change) : value,
  ]);
  return Object.fromEntries(members.filter(([name, value]) => name !== key || value !== undefined));
}

function nearestObject(body: unknown, path: Path): Path {
  const value = path.reduce<unknown>((inside, key) => (inside as Record<string | number, unknown>)[key], body);
  return isPlain(value) || path.length === 0 ? path : nearestObject(body, path.slice(0, -1));
}

function addedTo(value: unknown, name: string, added: unknown): unknown {
  return isPlain(value) ? Object.fromEntries([...Object.entries(value), [name, added]]) : { [name]: added };
}

/** The same name twice, once as it was and once with another value; which of the two counts, JSON leaves open. */
function repeatedIn(value: unknown, place: number, other: unknown): unknown {
  if (!isPlain(value)) return value;
  const members = Object.entries(value);
  const [name] = members[place % Math.max(1, members.length)] ?? ["x"];
  return new Members(place % 2 === 0 ? [...members, [name, other]] : [[name, other], ...members]);
}

function renamedIn(value: unknown, place: number, name: string): unknown {
  if (!isPlain(value)) return value;
  const members = Object.entries(value);
  return Object.fromEntries(members.map(([old, inside], i) => [i === place % members.length ? name : old, inside]));
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return (
    Object.prototype.toString.call(value) === "[object Object]" && Object.getPrototypeOf(value) === Object.prototype
  );
}
