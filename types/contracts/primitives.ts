/** The pieces that requests are made of. Every length is bounded, so that no body can reach a database error. */

import { z } from "zod";
import { findUnstorable, unstorableText } from "./json.ts";

/** Any UUID that PostgreSQL takes (`z.uuid()` would refuse those without a version, as seeds and tests use). */
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

/**
 * How often a session has become active. Sent with an event, it fences the event off once another attempt has
 * begun: see the problem `stale_attempt`.
 */
export const attempt = z.int().min(1).max(2_147_483_647);

function refuseUnstorable(value: unknown, context: z.RefinementCtx): void {
  const issue = findUnstorable(value);
  if (issue) context.addIssue({ code: "custom", path: issue.path, message: issue.message });
}
