/** JSON Schema (2020-12) as far as zod writes it and these documents read it. */
export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  format?: string;
  pattern?: string;
  const?: unknown;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  propertyNames?: JsonSchema;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  [other: string]: unknown;
}

const PREFIX = "#/components/schemas/";

/** The place of a named schema in the document. */
export function placeOf(name: string): string {
  return `${PREFIX}${name}`;
}

/** The name of the schema that is referred to, where one is. */
export function nameIn({ $ref }: JsonSchema): string | undefined {
  return $ref?.startsWith(PREFIX) ? $ref.slice(PREFIX.length) : undefined;
}

/** The schema itself, its items, or what it is where it is not null: whichever of them has members. */
export function objectIn(schema: JsonSchema): JsonSchema | undefined {
  if (schema.properties) return schema;
  const inner = [schema.items, ...(schema.anyOf ?? [])].filter((part) => part !== undefined);
  return inner.map(objectIn).find((found) => found !== undefined);
}

/** Every name that is referred to within a value. */
export function namesIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  const own = nameIn(value as JsonSchema);
  const nested = Object.values(value).flatMap(namesIn);
  return own === undefined ? nested : [own, ...nested];
}
