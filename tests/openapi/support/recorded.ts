/** Answers as they are shown in documents: the same in each run. */

import { createHash } from "node:crypto";
import { references } from "../../../local/openapi/examples.ts";

/** Of any version, anywhere in a text. */
export const uuid = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g;
const directive = /\bSD-[0-9a-f-]{18}\b/g;
const moment = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const day = /^\d{4}-\d\d-\d\d$/;

const FIRST_MOMENT = Date.parse("2026-03-02T09:00:00Z");
const MINUTES_BETWEEN = 5;

/** What is another in each run, or on each machine, whatever was asked. */
const fixed: Record<string, unknown> = {
  schema_version: "20260301000700",
  pool: { size: 4, busy: 0, idle: 1, opening: 0, waiting: 0 },
};

/**
 * An answer with other ids, moments and figures of the machine: ids by their order, moments five minutes apart.
 *
 * @param ids what to put in the place of certain ids; those of the examples stay as they are
 */
export function recorded(answer: unknown, ids: Record<string, string> = {}): unknown {
  const known = new Map(Object.entries(ids));
  const moments = momentsIn(settled(answer));
  const text = (value: string): string => {
    if (moment.test(value)) {
      const at = FIRST_MOMENT + moments.indexOf(microseconds(value)) * MINUTES_BETWEEN * 60_000;
      return isoOf(at);
    }
    if (day.test(value)) return new Date(FIRST_MOMENT).toISOString().slice(0, 10);
    return value.replace(directive, references.sd_id).replace(uuid, (id) => {
      if (!known.has(id)) known.set(id, uuidNumber(known.size));
      return known.get(id) as string;
    });
  };
  const visit = (value: unknown): unknown => {
    if (typeof value === "string") return text(value);
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== "object" || value === null) return value;
    const members = Object.entries(value).map(([name, member]) => [
      name,
      Object.hasOwn(fixed, name) && member !== null ? fixed[name] : visit(member),
    ]);
    return withDurations(Object.fromEntries(members));
  };
  return visit(settled(answer));
}

/** What an event sets by the clock, a moment after its transaction and `updated_at` began. */
const byTheClock = ["started_at", "finished_at", "sent_at", "response_at", "completed_at"];

/** Rows with an `updated_at` that is the moment of the event that updated them, where the row has it. */
function settled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(settled);
  if (typeof value !== "object" || value === null) return value;
  const row = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, settled(member)]));
  if (typeof row.updated_at !== "string") return row;
  const begun = microseconds(row.updated_at);
  const later = byTheClock
    .flatMap((name) => (typeof row[name] === "string" ? [row[name]] : []))
    .filter((at) => microseconds(at) >= begun)
    .sort((one, other) => microseconds(one) - microseconds(other));
  return { ...row, updated_at: later[0] ?? row.updated_at };
}

/** A run with the duration and the deadline that follow from its moments as they are shown. */
function withDurations(row: Record<string, unknown>): Record<string, unknown> {
  const { duration_ms, started_at, finished_at, updated_at, metadata } = row;
  const at = (moment: unknown, after = 0) => Date.parse(String(moment)) + after;
  const { timeout_ms, deadline_at } = (metadata ?? {}) as { timeout_ms?: number; deadline_at?: string };
  // A heartbeat puts it off.
  const deadline = at(finished_at ? started_at : updated_at, timeout_ms);
  return {
    ...row,
    ...(typeof duration_ms === "number" ? { duration_ms: at(finished_at) - at(started_at) } : {}),
    ...(deadline_at ? { metadata: { ...(metadata as object), deadline_at: isoOf(deadline) } } : {}),
  };
}

function isoOf(at: number): string {
  return new Date(at).toISOString().replace(".000Z", "+00:00");
}

/** Every moment in a value, the earliest first, each once; without those to come. */
function momentsIn(value: unknown): number[] {
  const found = new Set<number>();
  const visit = (part: unknown) => {
    if (typeof part === "string" && moment.test(part)) found.add(microseconds(part));
    else if (typeof part === "object" && part !== null) {
      for (const [name, member] of Object.entries(part)) if (name !== "deadline_at") visit(member);
    }
  };
  visit(value);
  return [...found].sort((one, other) => one - other);
}

function microseconds(text: string): number {
  const [, seconds = "", fraction = "", zone = ""] = moment.exec(text) ?? [];
  return Date.parse(`${seconds}${zone}`) * 1_000 + Math.round(Number(`0${fraction || ".0"}`) * 1_000_000);
}

/** An id that looks like any other, and is always the same. */
function uuidNumber(number: number): string {
  const digits = createHash("sha256").update(`example ${number}`).digest("hex");
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-a${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
}
