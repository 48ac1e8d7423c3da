/** What requests are aimed at: for every operation, rows on which it may succeed. */

import { randomUUID } from "node:crypto";
import type { Operation } from "../../../../types/contracts/operations.ts";
import { stateMachines } from "../../../../types/state-machines.ts";
import { type Machine, machinesOf } from "../../../machines/support/machines.ts";
import type { TestDatabase } from "../../../support/database.ts";

/** `ready` rows are in a state in which the operation is possible, `other` ones in another, `absent` ones nowhere. */
export type Readiness = "ready" | "other" | "absent";

/** One row, or one set of rows, to aim a request at. */
export interface Subject {
  /** The parameter of the path; undefined where the path has none. */
  id: string | undefined;
  /** Values of the fields by which a body refers to what is there. */
  references: Record<string, unknown>;
  /** Fields that the state machine asks for beyond the contract. */
  evidence: Record<string, unknown>;
  /** A whole body that will do. */
  body: Record<string, unknown>;
}

/** An operation and its subjects. */
export interface Target {
  operation: Operation;
  take(readiness: Readiness): Promise<Subject>;
  /** For the next request, where this one has changed nothing. */
  giveBack(readiness: Readiness, subject: Subject): void;
}

const AT_ONCE = 8;

/** Operations as rows of `test.each`, with their names. */
export function named(operations: readonly Operation[]): [name: string, operation: Operation][] {
  return operations.map((operation) => [`${operation.method} ${operation.function}${operation.path}`, operation]);
}

/** The path of an operation with its parameter filled in. */
export function pathOf(operation: Operation, id: string | undefined): string {
  const below = operation.path === "/" ? "" : operation.path.replace(/:\w+/, id ?? "");
  return `/functions/v1/${operation.function}${below}`;
}

/** @param known references that hold for whoever asks, by field name */
export function createTarget(operation: Operation, database: TestDatabase, known: Record<string, unknown>): Target {
  const seed = subjectsOf(operation, machinesOf(database));
  const pools: Record<Readiness, Subject[]> = { ready: [], other: [], absent: [] };
  return {
    operation,
    async take(readiness) {
      const pool = pools[readiness];
      const subject = pool.pop();
      if (subject) return subject;
      const seeded = await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => seed(readiness, i)));
      const [first, ...rest] = seeded.map((made) => ({ ...made, references: { ...known, ...made.references } }));
      pool.push(...rest);
      if (!first) throw new Error("nothing was seeded");
      return first;
    },
    giveBack(readiness, subject) {
      pools[readiness].push(subject);
    },
  };
}

type Seed = (readiness: Readiness, count: number) => Promise<Subject>;

/** How the rows come about that an operation works on: the tests of the state machines know. */
function subjectsOf(operation: Operation, machines: Record<string, Machine>): Seed {
  const hasId = operation.path.includes(":");
  const called = pathOf(operation, "id").replace("/functions/v1/", "");
  for (const [name, machine] of Object.entries(machines)) {
    for (const [event, { path, body = {} }] of Object.entries(machine.events)) {
      if (path("id") === called) return ofEvent(name as keyof typeof stateMachines, machine, event, hasId, body);
    }
    for (const [event, creation] of Object.entries(machine.creations)) {
      if (hasId && creation.path === operation.function) {
        // PATCH: what was created can be changed while it is as it was created.
        if (operation.method === "PATCH") return ofEvent(name as keyof typeof stateMachines, machine, event, hasId, {});
      } else if (creation.path === called) {
        return async (readiness) => {
          const body = readiness === "absent" ? {} : await creation.body();
          const references = Object.entries(body).filter(([field]) => /_id$/.test(field));
          return { id: undefined, references: Object.fromEntries(references), evidence: {}, body };
        };
      }
    }
  }
  // Neither changes what is there: to record figures, or to be asked how it is.
  if (hasId) throw new Error(`no machine has the operation ${called}`);
  return async () => ({ id: undefined, references: {}, evidence: {}, body: {} });
}

function ofEvent(
  name: keyof typeof stateMachines,
  machine: Machine,
  event: string,
  hasId: boolean,
  evidence: Record<string, unknown>,
): Seed {
  const transitions = stateMachines[name].transitions.filter((transition) => transition.event === event);
  const ready = transitions.map(({ from, to }) => from ?? to);
  const other = stateMachines[name].statuses.filter((status) => !ready.some((state) => state === status));
  return async (readiness, count) => {
    const states = readiness === "ready" ? ready : other;
    const state = states[count % states.length];
    const id = readiness === "absent" || !state ? randomUUID() : await machine.seed(state, event);
    return { id: hasId ? id : undefined, references: {}, evidence, body: evidence };
  };
}
