import { codeSpans, document } from "../../docs/support/markdown.ts";
import type { Checkout } from "./checkout.ts";
import { insertBefore } from "./insert.ts";

const path = "CONTRIBUTING.md";

/** A section of CONTRIBUTING.md that is carried out in a checkout. */
export interface Recipe {
  /** The one code span of its sentences that begins so. */
  span(start: string): string;
  /** Makes the migration that it names; the file's path. */
  migration(sql: string): Promise<string>;
  /** Adds lines to a file above the line that begins with `neighbour`, or at its end. */
  add(file: string, lines: string, place: { before: string } | "at the end"): Promise<void>;
  /** Writes a file that it names. */
  file(file: string, text: string): Promise<void>;
}

/** @throws Error, as all that it gives does, naming the recipe where that does not say what it is asked for */
export async function recipe(heading: string, checkout: Checkout): Promise<Recipe> {
  const text = (await document(path)).split(`\n## ${heading}\n`)[1]?.split("\n## ")[0];
  if (text === undefined) throw new Error(`${path} has no section "${heading}"`);
  const spans = [...new Set(codeSpans(text))];

  function requireNamed(file: string): void {
    if (!text?.includes(file)) throw new Error(`${path}, "${heading}", does not send anybody to ${file}`);
  }

  const span = (start: string): string => {
    const [found, ...more] = spans.filter((candidate) => candidate.startsWith(start));
    if (found === undefined || more.length > 0) {
      throw new Error(`${path}, "${heading}": ${more.length + Number(found !== undefined)} spans begin with ${start}`);
    }
    return found;
  };

  return {
    span,
    async migration(sql) {
      const command = span("npx supabase migration new");
      const printed = await checkout.shell(`${command}\nls supabase/migrations | tail -1`);
      const file = `supabase/migrations/${printed.trim().split("\n").at(-1)}`;
      if (!file.endsWith(`_${command.split(" ").at(-1)}.sql`)) throw new Error(`${file} is newer than what is new`);
      await checkout.write(file, sql);
      return file;
    },
    async add(file, lines, place) {
      requireNamed(file);
      const before = await checkout.read(file);
      try {
        await checkout.write(
          file,
          place === "at the end" ? `${before}\n${lines}\n` : insertBefore(before, place.before, lines),
        );
      } catch (error) {
        throw new Error(`${path}, "${heading}", has people add ${lines.split("\n")[0]} to ${file}, where ${error}`);
      }
    },
    async file(file, content) {
      requireNamed(file);
      await checkout.write(file, `${content}\n`);
    },
  };
}
