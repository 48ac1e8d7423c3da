/** The HTTP API as a page for people: what docs/openapi.json says, and how to begin. */

import { problemsOf } from "../../types/contracts/operation-problems.ts";
import { type Operation, operations } from "../../types/contracts/operations.ts";
import { type ProblemCode, problems } from "../../types/contracts/problems.ts";
import type { Answers } from "./answers.ts";
import type { CommentedFile } from "./comments.ts";
import { curlOf } from "./curl.ts";
import type { OpenApiDocument } from "./document.ts";
import { bodyLimits, callersInWords, headerParameters, responseHeaders, securitySchemes } from "./envelope.ts";
import { exampleOf, exampleRows } from "./examples.ts";
import { type JsonSchema, namesIn } from "./json-schema.ts";
import { anchor, code, entry, folded, paragraphs, table } from "./markdown.ts";
import { movesInWords } from "./moves.ts";
import { commentOnRoute, pathOf } from "./paths.ts";
import { nameOf, problemName } from "./schemas.ts";
import { descriptionOf, typeText } from "./type-text.ts";

export interface PageSources {
  document: OpenApiDocument;
  comments: CommentedFile[];
  answers: Answers;
}

/** The text of docs/http-api.md. */
export function httpApiPage(sources: PageSources): string {
  return `${[
    "<!-- Generated from types/contracts by `npm run openapi`. Do not edit: the next run replaces it. -->",
    "# HTTP API",
    ...beginning(sources),
    ...errors(sources),
    ...contents(sources),
    ...sources.document.tags.flatMap(({ name }) => group(name, sources)),
    ...shapes(sources),
  ].join("\n\n")}\n`;
}

function beginning({ comments }: PageSources): string[] {
  const { idempotencyKey, actorLabel, requestId } = headerParameters(comments);
  const variables = Object.values(exampleRows).map(({ variable }) => `\`${variable}\``);
  return [
    paragraphs(
      "Every operation is one HTTP request below `$SUPABASE_URL/functions/v1`, and one transaction in the database. " +
        "[openapi.json](openapi.json) says the same for programs, the [typed client](../README.md#typed-client) for " +
        "TypeScript, and [state-machines.md](state-machines.md) draws which event leads where.",
    ),
    paragraphs(
      "The commands below are for a shell that has `SUPABASE_URL` and `SECRET_KEY`, as printed by `npm start`, and the " +
        `ids of rows in ${variables.join(", ")}. A test sends each of them, and has the answer that is shown, but for ` +
        "ids and moments.",
    ),
    "## Credentials",
    ...[
      `**Services**: header \`${securitySchemes.secretKey.name}\`. ${securitySchemes.secretKey.description}`,
      `**People**: header \`${securitySchemes.publishableKey.name}\`. ${securitySchemes.publishableKey.description} ` +
        `Header \`Authorization: Bearer …\`. ${securitySchemes.userToken.description}`,
    ].map(entry),
    "## Requests",
    paragraphs(
      `${bodyLimits} \`Content-Type: application/json\`. Where no field is required, no body at all will do. Unknown ` +
        "fields are refused by their names. Ids in paths are UUIDs.",
    ),
    ...[idempotencyKey, actorLabel, requestId].flatMap(({ name, description }) => [
      `### ${name}`,
      paragraphs(description),
    ]),
    "## Responses",
    table(
      ["header", ""],
      Object.values(responseHeaders).map(({ name, description }) => [`\`${name}\``, description]),
    ),
  ];
}

/** Statuses with which any request may be refused that is like this one; the others are told of each operation. */
const ofAnyRequest = new Set([400, 401, 403, 405, 413, 415, 422, 500, 503]);

function errors({ document, answers }: PageSources): string[] {
  const { schemas } = document.components;
  const codes = Object.keys(problems) as ProblemCode[];
  const common = new Set(["type", "title", "status", "detail", "code", "request_id"]);
  const members = (of: ProblemCode) =>
    Object.entries(schemas[problemName(of)]?.properties ?? {}).flatMap(([name, schema]) =>
      common.has(name) ? [] : [`\`${name}\`: ${typeText(schema, schemas)}`],
    );
  const shown = answers.problems.illegal_transition;
  return [
    "## Errors",
    paragraphs(
      "A refusal is `application/problem+json` ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) and carries what is " +
        "needed next. Programs go by `code`; a row's state is `current`, as `status` is the HTTP status.",
    ),
    ...(shown === undefined ? [] : [code("json", JSON.stringify(shown, null, 2))]),
    table(
      ["status", "code", "", "carries besides"],
      codes.map((one) => [String(problems[one].status), `\`${one}\``, problems[one].title, members(one).join("; ")]),
    ),
    paragraphs(
      "503 comes with `retry-after`: the same request, with the same `Idempotency-Key` where there is one, may be sent " +
        "again. 405 comes with `allow`, 401 with `www-authenticate`.",
    ),
  ];
}

function contents({ comments }: PageSources): string[] {
  const rows = operations.map((operation) => {
    const [group = "", own = ""] = operation.name.split(".");
    const link = `[${operation.name}](#${anchor(operation.name)})`;
    return [link, `\`${operation.method} ${pathOf(operation)}\``, commentOnRoute(comments, group, own)];
  });
  return ["## Operations", table(["operation", "request", ""], rows)];
}

function group(name: string, sources: PageSources): string[] {
  const own = operations.filter((operation) => operation.name.startsWith(`${name}.`));
  return [
    `## ${name}`,
    paragraphs(commentOnRoute(sources.comments, name)),
    ...own.flatMap((operation) => describe(operation, sources)),
  ];
}

function describe(operation: Operation, { document, comments, answers }: PageSources): string[] {
  const { name, method, callers, request } = operation;
  const { schemas } = document.components;
  const [group = "", own = ""] = name.split(".");
  const example = exampleOf(name);
  const answered = answers.operations[name];
  const refusals = problemsOf(operation).filter((one) => !ofAnyRequest.has(problems[one].status));
  return [
    `### ${name}`,
    `\`${method} ${pathOf(operation)}\``,
    paragraphs(
      [commentOnRoute(comments, group, own), movesInWords(operation), `For ${callersInWords[callers]}.`]
        .filter(Boolean)
        .join(" "),
    ),
    ...(request ? fields(schemas[nameOf(request)] ?? {}, schemas) : []),
    code("sh", curlOf(operation, example)),
    ...(answered
      ? [folded(`Answer <code>${answered.status}</code>`, code("json", JSON.stringify(answered.body, null, 2)))]
      : []),
    ...(refusals.length > 0 ? [paragraphs(`Refused with ${refusals.map((one) => `\`${one}\``).join(", ")}.`)] : []),
  ];
}

/** The table of an object's members; none where it has none. */
function fields({ properties = {}, required = [] }: JsonSchema, schemas: Record<string, JsonSchema>): string[] {
  const rows = Object.entries(properties).map(([name, schema]) => [
    `\`${name}\``,
    typeText(schema, schemas),
    required.includes(name) ? "required" : "",
    descriptionOf(schema, schemas),
  ]);
  return rows.length === 0 ? [] : [table(["field", "type", "", ""], rows)];
}

/** Objects that others are made of: rows above all. */
function shapes({ document }: PageSources): string[] {
  const { schemas } = document.components;
  const whole = new Set(
    operations.flatMap(({ request, answer }) => [request, answer].map((one) => one && nameOf(one))),
  );
  const names = Object.keys(schemas).filter((name) => {
    const isPart = namesIn(schemas).includes(name) && !whole.has(name) && !name.endsWith("Problem");
    return isPart && schemas[name]?.properties !== undefined;
  });
  return [
    "## Shapes",
    paragraphs("Rows have every column of their table, and may gain more. Moments are ISO 8601 with their offset."),
    ...names.flatMap((name) => [
      `### ${name}`,
      ...(schemas[name]?.description ? [paragraphs(schemas[name].description)] : []),
      ...fields(schemas[name] ?? {}, schemas),
    ]),
  ];
}
