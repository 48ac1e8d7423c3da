/** The contracts as named JSON schemas, described by their doc comments and by the comments of columns. */

import { z } from "zod";
import * as contracts from "../../types/contracts/index.ts";
import type { Table } from "../catalogue.ts";
import { type CommentedFile, type Documented, exportedAs, membersOf } from "./comments.ts";
import { type JsonSchema, nameIn, namesIn, objectIn, placeOf } from "./json-schema.ts";

/** Every contract by the name of its schema, `ExecSession` for `execSession`. */
const named = new Map(
  Object.entries(contracts).flatMap(([name, contract]): [string, { contract: z.ZodType; exportName: string }][] =>
    contract instanceof z.ZodType ? [[schemaName(name), { contract, exportName: name }]] : [],
  ),
);

/** `ExecSession` for `execSession`, `SessionExists` for `session_exists`. */
export function schemaName(name: string): string {
  const parts = name.replace(/Schema$/, "").split("_");
  return parts.map((part) => part.slice(0, 1).toUpperCase() + part.slice(1)).join("");
}

/** The name of the schema of a contract. */
export function nameOf(contract: z.ZodType): string {
  for (const [name, candidate] of named) if (candidate.contract === contract) return name;
  throw new Error("a contract of an operation is not exported by types/contracts/index.ts");
}

/** What a problem is called as a schema. */
export function problemName(code: contracts.ProblemCode): string {
  return `${schemaName(code)}Problem`;
}

/** A problem of one code, with what it carries. */
function problemContract(code: contracts.ProblemCode): z.ZodType {
  const { issues: _issues, ...common } = contracts.problemSchema.shape;
  const { status, title } = contracts.problems[code];
  const own = {
    type: z.literal(contracts.problemType(code)),
    title: z.literal(title),
    status: z.literal(status),
    code: z.literal(code),
  };
  return z.object({ ...common, ...own, ...contracts.problemMembers[code].shape });
}

const codes = Object.keys(contracts.problems) as contracts.ProblemCode[];

/** What is described where. */
interface Sources {
  comments: CommentedFile[];
  tables: Table[];
}

/**
 * Every schema by its name.
 *
 * @throws where a doc comment describes a member that there is not
 */
export function namedSchemas({ comments, tables }: Sources): Record<string, JsonSchema> {
  const schemas = bareSchemas();
  for (const [name, { exportName }] of named) {
    const documented = exportedAs(comments, exportName);
    if (documented) describe(schemas[name] ?? {}, documented.file, documented.entry, exportName);
  }
  describeProblems(schemas, comments);
  for (const [name, columns] of columnsOf(schemas, tables)) describeByColumns(schemas[name] ?? {}, columns);
  return schemas;
}

function bareSchemas(): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  for (const [id, { contract }] of named) registry.add(contract, { id });
  for (const code of codes) registry.add(problemContract(code), { id: problemName(code) });
  const { schemas } = z.toJSONSchema(registry, {
    io: "input",
    uri: placeOf,
    override({ zodSchema, jsonSchema }) {
      // A further pattern makes zod forget that a text is a moment.
      if (zodSchema instanceof z.ZodISODateTime) jsonSchema.format = "date-time";
    },
  });
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, tidied(schema as JsonSchema)]));
}

/** What `format` says already. */
const patternsOfFormats = [contracts.uuid, z.iso.date(), z.iso.datetime({ offset: true })].map(
  (contract) => z.toJSONSchema(contract).pattern,
);

/** Without what says nothing: zod's own ids, patterns of formats, the bounds of doubles, that names are texts. */
function tidied<T>(value: T): T {
  if (Array.isArray(value)) return value.map(tidied) as T;
  if (typeof value !== "object" || value === null) return value;
  const schema: JsonSchema = { ...(value as JsonSchema) };
  for (const key of ["$schema", "$id", "propertyNames"]) if (typeof schema[key] !== "undefined") delete schema[key];
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.format && patternsOfFormats.includes(schema.pattern)) delete schema.pattern;
  const patterns = schema.allOf?.filter(({ pattern }) => !schema.format || !patternsOfFormats.includes(pattern));
  if (patterns) {
    delete schema.allOf;
    Object.assign(schema, patterns.length === 1 ? patterns[0] : { allOf: patterns });
  }
  const parts: JsonSchema = Object.fromEntries(Object.entries(schema).map(([key, part]) => [key, tidied(part)]));
  return compact(parts) as T;
}

/** `{ type: ["integer", "null"] }` for a choice of types that say nothing more. */
function compact(schema: JsonSchema): JsonSchema {
  const { anyOf, ...rest } = schema;
  const isBare = (part: JsonSchema) => typeof part.type === "string" && Object.keys(part).length === 1;
  return anyOf?.every(isBare) ? { ...rest, type: anyOf.map(({ type }) => String(type)) } : schema;
}

function describe(schema: JsonSchema, file: CommentedFile, entry: Documented, place: string): void {
  if (entry.text !== undefined) schema.description = entry.text;
  for (const [name, member] of membersOf(file, entry)) {
    const property = objectIn(schema)?.properties?.[name];
    if (property) describe(property, file, member, `${place}.${name}`);
    else if (member.text !== undefined) {
      throw new Error(`types/contracts/${file.path}: the comment on ${place}.${name} describes no field`);
    }
  }
}

function describeProblems(schemas: Record<string, JsonSchema>, comments: CommentedFile[]): void {
  const common = exportedAs(comments, "problemSchema");
  const members = exportedAs(comments, "problemMembers");
  if (!common || !members) throw new Error("the problems are not where their comments are looked for");
  const ofAll = membersOf(common.file, common.entry);
  const byCode = membersOf(members.file, members.entry);
  for (const code of codes) {
    const schema = schemas[problemName(code)] ?? {};
    for (const [name, { text }] of ofAll) {
      const property = schema.properties?.[name];
      if (property && text !== undefined) property.description = text;
    }
    const documented = byCode.get(code);
    if (documented) describe(schema, members.file, documented, `problemMembers.${code}`);
    schema.description = [`${contracts.problems[code].title}.`, documented?.text].filter(Boolean).join(" ");
  }
}

/** The columns that the members of a schema are named by: of rows, and of the requests that are about them. */
function columnsOf(schemas: Record<string, JsonSchema>, tables: Table[]): Map<string, Table> {
  const found = new Map<string, Table>();
  for (const [name, { description }] of Object.entries(schemas)) {
    const [, table] = /^A row of (\w+)\.$/.exec(description ?? "") ?? [];
    if (table !== undefined) found.set(name, tableNamed(tables, table));
  }
  for (const { request, answer, function: folder } of contracts.operations) {
    if (!request) continue;
    const name = nameOf(request);
    const row = namesIn(schemas[nameOf(answer)]).find((candidate) => found.has(candidate));
    const table = row === undefined ? tables.find((one) => one.name === folder.replaceAll("-", "_")) : found.get(row);
    if (!table) continue;
    for (const one of [name, ...namesIn(schemas[name])]) if (schemas[one]?.properties) found.set(one, table);
  }
  return found;
}

function tableNamed(tables: Table[], name: string): Table {
  const table = tables.find((one) => one.name === name);
  if (!table) throw new Error(`there is no table ${name}`);
  return table;
}

/** Only what has no words of its own yet; a field that is named like its schema needs none. */
function describeByColumns({ properties = {} }: JsonSchema, { columns }: Table): void {
  for (const { name, comment } of columns) {
    const property = properties[name];
    if (!property || property.description !== undefined || comment === null) continue;
    if (nameIn(property) !== schemaName(name)) property.description = comment;
  }
}
