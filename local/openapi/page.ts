/** The HTTP API as a page for people: what docs/openapi.json says, and how to begin. */

import { problemsOf } from "../../types/contracts/operation-problems.ts";
import { type Operation, operations } from "../../types/contracts/operations.ts";
import { type ProblemCode, problems } from "../../types/contracts/problems.ts";
import { AnswerTexts, rowShape, tableOf } from "./answer-text.ts";
import type { Answered, Answers } from "./answers.ts";
import type { CommentedFile } from "./comments.ts";
import { curlOf } from "./curl.ts";
import type { OpenApiDocument } from "./document.ts";
import {
  bodyLimits,
  callersInWords,
  headerParameters,
  operatorRole,
  responseHeaders,
  securitySchemes,
} from "./envelope.ts";
import { errorsSection } from "./error-section.ts";
import { exampleOf, exampleRows } from "./examples.ts";
import { type JsonSchema, namesIn } from "./json-schema.ts";
import { anchor, code, entry, folded, paragraphs, table } from "./markdown.ts";
import { movesInWords } from "./moves.ts";
import { commentOnRoute, pathOf } from "./paths.ts";
import { nameOf } from "./schemas.ts";
import { descriptionOf, typeText } from "./type-text.ts";

export interface PageSources {
  document: OpenApiDocument;
  comments: CommentedFile[];
  answers: Answers;
}

/** The text of docs/http-api.md. */
export function httpApiPage(sources: PageSources): string {
  const texts = new AnswerTexts(sources.document.components.schemas);
  return `${[
    "<!-- Generated from types/contracts by `npm run openapi`. Do not edit: the next run replaces it. -->",
    "# HTTP API",
    ...beginning(sources),
    ...errorsSection(sources.document.components.schemas, sources.answers),
    ...contents(sources),
    ...sources.document.tags.flatMap(({ name }) => group(name, sources, texts)),
    ...shapes(sources),
  ].join("\n\n")}\n`;
}

function beginning({ comments }: PageSources): string[] {
  const { idempotencyKey, actorLabel, requestId } = headerParameters(comments);
  const variables = Object.values(exampleRows).map(({ variable }) => `\`${variable}\``);
  return [
    paragraphs(
      "Every operation is one HTTP request below `$SUPABASE_URL/functions/v1`. [openapi.json](openapi.json) says the same " +
        "for programs, the [typed client](client.md) for TypeScript, and " +
        "[state-machines.md](state-machines.md) draws which event leads where.",
    ),
    paragraphs(
      "The commands are for a shell that has `SUPABASE_URL` and `SECRET_KEY` (`. .local/env`, beside `npm start`), " +
        `and, taken from answers, the ids of rows in ${variables.join(", ")} and the \`attempt\` of the session in \`ATTEMPT\`. Each was ` +
        "sent for its answer below; ids and moments are made up. They are no story to be followed from the top: an " +
        "operation needs its row in the right state, and after resume, retry and reopen `ATTEMPT` is what they answer.",
    ),
    "## Credentials",
    [
      `Services and agents, header \`${securitySchemes.secretKey.name}\`: ${securitySchemes.secretKey.description}`,
      `People, headers \`${securitySchemes.publishableKey.name}\` and \`Authorization\`: A publishable key, ` +
        `\`sb_publishable_…\`, and \`Bearer\` with the access token of a signed-in user. ${operatorRole}`,
    ]
      .map(entry)
      .join("\n"),
    "## Requests",
    paragraphs(
      `${bodyLimits} \`Content-Type: application/json\`. Where no field is required, no body at all will do. Unknown ` +
        "fields are refused by their names. Ids in paths are UUIDs. Headers that may be sent besides:",
    ),
    [idempotencyKey, actorLabel, requestId].map(({ description }) => entry(description)).join("\n"),
    "## Responses",
    table(
      ["header", "what it says"],
      Object.values(responseHeaders).map(({ name, description }) => [`\`${name}\``, description]),
    ),
  ];
}

function contents({ comments }: PageSources): string[] {
  const rows = operations.map((operation) => {
    const [group = "", own = ""] = operation.name.split(".");
    const link = `[${operation.name}](#${anchor(operation.name)})`;
    return [link, `\`${operation.method} ${pathOf(operation)}\``, commentOnRoute(comments, group, own)];
  });
  return ["## Operations", table(["operation", "request", "what it does"], rows)];
}

function group(name: string, sources: PageSources, texts: AnswerTexts): string[] {
  const own = operations.filter((operation) => operation.name.startsWith(`${name}.`));
  return [
    `## ${name}`,
    paragraphs(commentOnRoute(sources.comments, name)),
    ...own.flatMap((operation) => describe(operation, sources, texts)),
  ];
}

function describe(operation: Operation, { document, comments, answers }: PageSources, texts: AnswerTexts): string[] {
  const { name, method, callers, request } = operation;
  const { schemas } = document.components;
  const [group = "", own = ""] = name.split(".");
  const answered = answers.operations[name];
  return [
    `### ${name}`,
    `\`${method} ${pathOf(operation)}\``,
    paragraphs(
      [commentOnRoute(comments, group, own), movesInWords(operation), `For ${callersInWords[callers]}.`]
        .filter(Boolean)
        .join(" "),
    ),
    ...(request ? fields(schemas[nameOf(request)] ?? {}, schemas) : []),
    code("sh", curlOf(operation, exampleOf(name))),
    ...(answered ? answer(operation, answered, schemas, texts) : []),
    ...refused(operation),
  ];
}

function answer(
  { name, answer: contract, status }: Operation,
  { status: given, body }: Answered,
  schemas: Record<string, JsonSchema>,
  texts: AnswerTexts,
): string[] {
  const schema = nameOf(contract);
  const { properties = {}, required = [] } = schemas[schema] ?? {};
  // Rows are described by their tables, and what an attempt is by every request that takes one.
  const telling = Object.entries(properties).filter(
    ([member, value]) => member !== "attempt" && rowShape(value, schemas) === undefined,
  );
  const members = Object.keys(properties).map((member) => `<code>${member}</code>`);
  const holds = telling.length < members.length ? ` with ${members.join(", ")}` : "";
  const summary = `Answers ${status.map((one) => `<code>${one}</code>`).join(" or ")}${holds}`;
  return [
    folded(
      summary,
      [
        ...(status.length > 1 ? [`With the status ${given}:`] : []),
        code("jsonc", texts.of(name, schema, body)),
        ...(telling.length > 0 ? fields({ properties: Object.fromEntries(telling), required }, schemas) : []),
      ].join("\n\n"),
    ),
  ];
}

/** Refused like this may be any request; the others are told of each operation. */
const ofAnyRequest: ProblemCode[] = [
  "invalid_json",
  "invalid_request",
  "unauthenticated",
  "forbidden",
  "payload_too_large",
  "unsupported_media_type",
  "idempotency_mismatch",
  "internal",
  "database_unavailable",
  "auth_unavailable",
  "overloaded",
];

function refused(operation: Operation): string[] {
  const own = problemsOf(operation).filter((one) => !ofAnyRequest.includes(one));
  if (own.length === 0) return [];
  return [paragraphs(`[Refused](#errors) with ${own.map((one) => `${problems[one].status} \`${one}\``).join(", ")}.`)];
}

/** The table of an object's members; none where it has none. */
function fields({ properties = {}, required = [] }: JsonSchema, schemas: Record<string, JsonSchema>): string[] {
  const rows = Object.entries(properties).map(([name, schema]) => [
    `\`${name}\``,
    typeText(schema, schemas),
    required.includes(name) ? "required" : "",
    descriptionOf(schema, schemas),
  ]);
  return rows.length === 0 ? [] : [table(["field", "type", "", "what it is"], rows)];
}

/** Objects that others are made of, but for rows, and parts of problems, which stand there. */
function shapes({ document }: PageSources): string[] {
  const { schemas } = document.components;
  const whole = new Set(
    operations.flatMap(({ request, answer }) => [request, answer].map((one) => one && nameOf(one))),
  );
  const names = namesIn(schemas).filter((name, index, all) => {
    const { properties } = schemas[name] ?? {};
    return properties !== undefined && !whole.has(name) && all.indexOf(name) === index;
  });
  const [rows, parts] = [true, false].map((isRow) =>
    names.filter((name) => (tableOf(schemas[name]) !== undefined) === isRow).sort(),
  );
  return [
    "## Shapes",
    paragraphs(
      "A row has the columns of its table, and may gain more. Moments are ISO 8601 with their offset, numerics are " +
        "numbers, intervals are text.",
    ),
    table(
      ["row", "table"],
      (rows ?? []).map((name) => [name, tableLink(tableOf(schemas[name]) as string)]),
    ),
    ...(parts ?? []).flatMap((name) => [
      `### ${name}`,
      ...(schemas[name]?.description ? [paragraphs(schemas[name].description)] : []),
      ...fields(schemas[name] ?? {}, schemas),
    ]),
  ];
}

function tableLink(name: string): string {
  return `[${name}](schema.md#${anchor(name)})`;
}
