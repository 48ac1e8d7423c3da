/** The pieces that requests are made of. Every length is bounded, so that no body can reach a database error. */

import { z } from "zod";
import { findUnstorable, unstorableText } from "./json.ts";

// Not z.uuid(), which would refuse those without a version, as seeds and tests use.
/** Any UUID that PostgreSQL takes. */
export const uuid = z.guid();

/** Text of at most `max` UTF-16 units, possibly blank. */
export function looseText(max: number) {
  return z
    .string()
    .max(max)
    .superRefine((text, context) => {
      const message = unstorableText(text);
      if (message !== undefined) context.addIssue({ code: "custom", message });
    });
}

/** Text of at most `max` UTF-16 units with something to read in it. */
export function text(max: number) {
  return looseText(max).regex(/\S/, "Must not be blank");
}

/** At most `maxItems` texts of at most `maxLength` UTF-16 units each; blank ones are allowed. */
export function textArray(maxItems: number, maxLength: number) {
  return z.array(looseText(maxLength)).max(maxItems);
}

/** A JSON object that jsonb can hold. */
export function jsonObject() {
  return z.record(z.string(), z.unknown()).superRefine(refuseUnstorable);
}

/** At most `maxItems` JSON objects that jsonb can hold. */
export function jsonObjects(maxItems: number) {
  return z.array(z.record(z.string(), z.unknown())).max(maxItems).superRefine(refuseUnstorable);
}

/** A whole percentage, 0 to 100. */
export const percent = z.int().min(0).max(100);

/** A web address that a dashboard can link to. */
export const webAddress = z.url({ protocol: /^https?$/, error: "Must be an http or https address" }).max(2048);

/** A whole number from 0 to what a column of type integer holds. */
export const count = z.int().min(0).max(2_147_483_647);

/** A share in percent with fractions, as columns of type numeric(5,2) hold it. */
export const percentage = z.number().min(0).max(100);

/** Why a caller makes a move; it is kept in the history. */
export const reason = text(2_000);

// The pattern looks for what `z.iso.datetime` lets through and PostgreSQL does not take: the year 0, offsets of
// 16 hours and more, fractions without end.
/** A moment in ISO 8601 with its offset from UTC, from the year 1 to 9999. */
export const timestamp = z.iso
  .datetime({ offset: true })
  .regex(/^(?!0000).{19}(\.\d{1,9})?(Z|[+-](0\d|1[0-5]):\d\d)$/, "Year, offset or fraction is out of range");

const unit = (digits: number, names: string) => `(?:\\d{1,${digits}} (?:${names})(?: |$))?`;
const clock = "\\d{1,7}:[0-5]\\d(?::[0-5]\\d(?:\\.\\d{1,6})?)?";
const seconds = "(?:\\d{1,9}(?:\\.\\d{1,6})? (?:secs?|seconds?))?";
const dates = unit(4, "years?") + unit(5, "mons?|months?") + unit(5, "weeks?") + unit(6, "days?");
const times = `(?:${clock}|${unit(7, "hours?")}${unit(8, "mins?|minutes?")}${seconds})`;
const postgresInterval = `(?=\\d)${dates}${times}`;
const isoDates = "(?:\\d{1,4}Y)?(?:\\d{1,5}M)?(?:\\d{1,5}W)?(?:\\d{1,6}D)?";
const isoTimes = "(?:T(?=\\d)(?:\\d{1,7}H)?(?:\\d{1,8}M)?(?:\\d{1,9}(?:\\.\\d{1,6})?S)?)?";
const isoInterval = `P(?=\\d|T)${isoDates}${isoTimes}`;

/**
 * A duration, not negative: ISO 8601 (`PT1M30S`), or as PostgreSQL writes it (`1 day 02:03:04.5`, `90 seconds`).
 * Each unit at most once, from the largest to the smallest, and few enough digits not to overflow.
 */
export const interval = z
  .string()
  .max(100)
  .regex(new RegExp(`^(?:${postgresInterval}|${isoInterval})$`), "Must be a duration such as PT1M30S or 00:01:30");

/**
 * How often a session has become active. Sent with an event, it fences the event off once another attempt has
 * begun: see the problem `stale_attempt`.
 */
export const attempt = z.int().min(1).max(2_147_483_647);

function refuseUnstorable(value: unknown, context: z.RefinementCtx): void {
  const issue = findUnstorable(value);
  if (issue) context.addIssue({ code: "custom", path: issue.path, message: issue.message });
}
