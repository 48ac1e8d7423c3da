/** Answers as the page shows them: each kind of row once in full, and else what is different. */

import { type JsonSchema, namesIn } from "./json-schema.ts";
import { jsonText, remark } from "./json-text.ts";

type Row = Record<string, unknown>;

/** A row that has been shown, and by which operation. */
interface Shown {
  row: Row;
  by: string;
}

/** The table whose rows have this shape, if it is one of a row. */
export function tableOf(schema: JsonSchema | undefined): string | undefined {
  return /^A row of (\w+)\.$/.exec(schema?.description ?? "")?.[1];
}

/** The name of the shape of a row, or of rows, that a member of an answer is. */
export function rowShape(member: JsonSchema, schemas: Record<string, JsonSchema>): string | undefined {
  return namesIn(member).find((name) => tableOf(schemas[name]) !== undefined);
}

export class AnswerTexts {
  readonly #schemas: Record<string, JsonSchema>;
  readonly #shown = new Map<string, Shown>();

  constructor(schemas: Record<string, JsonSchema>) {
    this.#schemas = schemas;
  }

  /** The answer of an operation as JSON with remarks, to be asked for in the order of the page. */
  of(operation: string, schema: string, body: unknown): string {
    const { properties = {} } = this.#schemas[schema] ?? {};
    const members = Object.entries(body as Row).map(([name, value]) => {
      const shape = rowShape(properties[name] ?? {}, this.#schemas);
      return [name, shape === undefined ? value : this.#rows(operation, shape, value)];
    });
    return jsonText(Object.fromEntries(members));
  }

  #rows(operation: string, shape: string, value: unknown): unknown {
    if (Array.isArray(value)) return value.map((row) => this.#rows(operation, shape, row));
    if (value === null) return null;
    const row = value as Row;
    const first = this.#shown.get(shape);
    if (!first) {
      this.#shown.set(shape, { row, by: operation });
      return row;
    }
    const differs = ([name, member]: [string, unknown], index: number) =>
      index === 0 || JSON.stringify(member) !== JSON.stringify(first.row[name]);
    const rest = first.by === operation ? "the rest as above" : `the rest as in ${first.by}`;
    return { ...Object.fromEntries(Object.entries(row).filter(differs)), [remark]: rest };
  }
}
