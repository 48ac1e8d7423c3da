/** The tables of schema public, from the live catalogue: how they hang together, and what each column is. */

import { type Column, type ForeignKey, readTables, type Table } from "../catalogue.ts";
import { anchor, code, paragraphs, table } from "../openapi/markdown.ts";
import type { ScratchDatabase } from "../scratch-database.ts";

/** The text of docs/schema.md. */
export async function schemaPage({ url }: ScratchDatabase): Promise<string> {
  const tables = await readTables(url);
  return `${[
    "# Tables",
    paragraphs(
      "The tables of schema `public`, drawn with their keys: PK primary key, FK refers to another table. Who may do what " +
        "with them is in [privileges.md](privileges.md), how their states move in [state-machines.md](state-machines.md).",
    ),
    code("mermaid", entityDiagram(tables)),
    table(
      ["table", "what it is"],
      tables.map(({ name, comment }) => [`[${name}](#${anchor(name)})`, comment ?? ""]),
    ),
    ...tables.flatMap(section),
  ].join("\n\n")}\n`;
}

function section({ name, comment, columns }: Table): string[] {
  const rows = columns.map((column) => [
    `\`${column.name}\``,
    `\`${column.type}\``,
    column.required ? "required" : "",
    column.default === null ? "" : `\`${column.default}\``,
    column.comment ?? "",
  ]);
  return [
    `## ${name}`,
    ...(comment === null ? [] : [paragraphs(comment)]),
    table(["column", "type", "", "default", "what it is"], rows),
  ];
}

/** Every table with its keys, and an edge for each foreign key from the table that is referred to. */
export function entityDiagram(tables: Table[]): string {
  const entities = tables.flatMap((one) => [`  ${one.name} {`, ...one.columns.flatMap(key(one)), "  }"]);
  const edges = tables.flatMap(({ name, foreignKeys }) => foreignKeys.map((key) => edge(name, key)));
  return ["erDiagram", ...entities, ...edges].join("\n");
}

/** The line of a column that is a key; all columns would make a drawing that nobody can read. */
function key({ primaryKey, foreignKeys }: Table): (column: Column) => string[] {
  return ({ name, type }) => {
    const keys = [
      ...(primaryKey.includes(name) ? ["PK"] : []),
      ...(foreignKeys.some(({ columns }) => columns.includes(name)) ? ["FK"] : []),
    ];
    return keys.length === 0 ? [] : [`    ${type.replaceAll(" ", "_")} ${name} ${keys.join(", ")}`];
  };
}

/** `||` exactly one, `|o` none or one, `o{` any number. */
function edge(from: string, { columns, target, required, unique }: ForeignKey): string {
  const one = required ? "||" : "|o";
  const many = unique ? "o|" : "o{";
  const entity = target.includes(".") ? `"${target}"` : target;
  return `  ${entity} ${one}--${many} ${from} : "${columns.join(", ")}"`;
}
