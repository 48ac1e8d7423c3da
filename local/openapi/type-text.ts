/** JSON schemas in a few words, for tables. */

import { tableOf } from "./answer-text.ts";
import { type JsonSchema, nameIn } from "./json-schema.ts";
import { anchor } from "./markdown.ts";

type Schemas = Record<string, JsonSchema>;

const formats: Record<string, string> = { uuid: "UUID", "date-time": "moment", date: "date", uri: "web address" };

/** What a value has to be, such as `integer 0 to 100` or `list (at most 50) of text`. */
export function typeText(schema: JsonSchema, schemas: Schemas): string {
  const name = nameIn(schema);
  if (name !== undefined) return namedText(name, schemas);
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(", ");
  if (schema.anyOf) return schema.anyOf.map((part) => typeText(part, schemas)).join(" or ");
  if (Array.isArray(schema.type)) return schema.type.join(" or ").replace("string", "text");
  switch (schema.type) {
    case "string":
      return `${formats[schema.format ?? ""] ?? "text"}${atMost(schema.maxLength)}`;
    case "integer":
    case "number":
      return [schema.type, range(schema)].filter(Boolean).join(" ");
    case "array":
      return `list${atMost(schema.maxItems)} of ${typeText(schema.items ?? {}, schemas)}`;
    case "object":
      return schema.properties ? `object of ${Object.keys(schema.properties).join(", ")}` : "object";
    case undefined:
      return "any JSON";
    default:
      return schema.type;
  }
}

/** Objects by a link to their table, everything else by what it is. */
function namedText(name: string, schemas: Schemas): string {
  const schema = schemas[name] ?? {};
  if (name === "JsonValue") return "any JSON";
  if (!schema.properties) return typeText(schema, schemas);
  const table = tableOf(schema);
  return `[${name}](${table === undefined ? `#${anchor(name)}` : `schema.md#${anchor(table)}`})`;
}

function atMost(limit: number | undefined): string {
  return limit === undefined ? "" : ` (at most ${limit})`;
}

/** What a column of PostgreSQL's type integer holds; nobody has to be told. */
const MAX_INTEGER = 2_147_483_647;

function range({ minimum, maximum: limit }: JsonSchema): string {
  const maximum = limit === MAX_INTEGER ? undefined : limit;
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`;
  if (minimum !== undefined) return `from ${minimum}`;
  return maximum === undefined ? "" : `up to ${maximum}`;
}

/** The words on a field: its own, else those on what it is. */
export function descriptionOf(schema: JsonSchema, schemas: Schemas): string {
  const name = nameIn(schema);
  const named = name === undefined ? undefined : schemas[name];
  return schema.description ?? (named?.properties ? undefined : named?.description) ?? "";
}
