import fc from "fast-check";
import { z } from "zod";
import { accepted } from "./contract-bodies.ts";

/** A text that was put into a body, as its contract reads it, and the names of the fields that lead to it. */
export interface Placed {
  path: string[];
  text: string;
}

/** A body, and every text in it. */
export interface Filled {
  body: Record<string, unknown>;
  placed: Placed[];
}

/**
 * A body with a text in every place that may hold one: in the fields for free text, in lists, in the names and
 * values of free-form objects, in web addresses. Which those are, the contract is asked.
 *
 * @param next the text for the next place
 * @param references what fields of other kinds may refer to, by their names
 */
export function filledBody(contract: z.ZodType, next: () => string, references: Record<string, unknown>): Filled {
  const placed: Placed[] = [];
  const place = (field: z.ZodType, path: string[]): string | undefined => {
    const text = next();
    for (const form of [text, `https://example.test/?q=${text}`]) {
      const { data } = field.safeParse(form);
      if (typeof data !== "string") continue;
      placed.push({ path, text: data });
      return form;
    }
    return undefined;
  };
  const fill = (field: z.ZodType, path: string[]): unknown => {
    if (field instanceof z.ZodOptional || field instanceof z.ZodNullable)
      return fill(field.unwrap() as z.ZodType, path);
    if (field instanceof z.ZodObject) return fillObject(field, path);
    if (field instanceof z.ZodArray) {
      const item = fill(field.element as z.ZodType, path);
      return item === undefined ? undefined : [item];
    }
    if (field instanceof z.ZodRecord) {
      const text = z.string();
      const [name = "", value, listed] = [place(text, path), place(text, path), place(text, path)];
      return { [name]: value, inside: { list: [listed] } };
    }
    return field.def.type === "string" ? place(field, path) : undefined;
  };
  const fillObject = (object: z.ZodObject, path: string[]): Record<string, unknown> => {
    const fields = Object.entries(object.shape) as [string, z.ZodType][];
    const members = fields.map(([name, field]): [string, unknown] => {
      const value = fill(field, [...path, name]);
      if (value !== undefined) return [name, value];
      if (Object.hasOwn(references, name) && field.safeParse(references[name]).success) return [name, references[name]];
      // Neither text nor to be left out: whatever it takes.
      if (!field.safeParse(undefined).success) return [name, fc.sample(accepted(field), 1)[0]];
      return [name, undefined];
    });
    return Object.fromEntries(members.filter(([, value]) => value !== undefined));
  };
  if (!(contract instanceof z.ZodObject)) throw new Error("a body has to be an object");
  return { body: fillObject(contract, []), placed };
}
