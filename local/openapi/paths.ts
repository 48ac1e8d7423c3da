/** The operations as OpenAPI has them. */

import { problemsOf } from "../../types/contracts/operation-problems.ts";
import { type Operation, operations } from "../../types/contracts/operations.ts";
import type { ProblemCode } from "../../types/contracts/problems.ts";
import type { Answers } from "./answers.ts";
import { type CommentedFile, exportedAs } from "./comments.ts";
import { bodyLimits, callersInWords, headerReferences, headersOf, securityOf } from "./envelope.ts";
import { exampleOf, exampleRows } from "./examples.ts";
import { type JsonSchema, placeOf } from "./json-schema.ts";
import { movesInWords } from "./moves.ts";
import { byStatus, refusal, refusalName } from "./refusals.ts";
import { nameOf } from "./schemas.ts";

/** Operations by path and method, and the responses that they share. */
export interface Paths {
  paths: Record<string, Record<string, unknown>>;
  responses: Record<string, unknown>;
}

export interface PathSources {
  comments: CommentedFile[];
  answers: Answers;
  schemas: Record<string, JsonSchema>;
}

/** Every operation. @throws where one has no doc comment */
export function describePaths(sources: PathSources): Paths {
  const paths: Paths["paths"] = {};
  const responses: Paths["responses"] = {};
  for (const operation of operations) {
    const path = pathOf(operation);
    const refusals = byStatus(problemsOf(operation));
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: describeOperation(operation, refusals, sources) };
    for (const codes of refusals.values()) responses[refusalName(codes)] ??= refusal(codes, sources.answers.problems);
  }
  return { paths, responses };
}

/** The path below `/functions/v1`, parameters in braces. */
export function pathOf({ function: folder, path }: Operation): string {
  return `/${folder}${path === "/" ? "" : path.replace(/:(\w+)/g, "{$1}")}`;
}

/** What the doc comment of a group of operations says, or of one of them. */
export function commentOnRoute(comments: CommentedFile[], group: string, name?: string): string {
  const inGroup = exportedAs(comments, "routes")?.entry.members.get(group);
  const text = name === undefined ? inGroup?.text : inGroup?.members.get(name)?.text;
  if (text === undefined) throw new Error(`types/contracts/routes.ts: ${group} ${name ?? ""} has no doc comment`);
  return text;
}

function describeOperation(operation: Operation, refusals: Map<number, ProblemCode[]>, sources: PathSources): object {
  const { name, callers, request } = operation;
  const [group = "", own = ""] = name.split(".");
  return {
    operationId: name,
    tags: [group],
    summary: commentOnRoute(sources.comments, group, own).replace(/\.$/, ""),
    description: [movesInWords(operation), `For ${callersInWords[callers]}.`].filter(Boolean).join(" "),
    security: securityOf(operation),
    parameters: [
      ...pathParameters(operation),
      ...headersOf(operation).map((key) => ({ $ref: `#/components/parameters/${key}` })),
    ],
    ...(request ? { requestBody: requestBody(operation) } : {}),
    responses: {
      ...successes(operation, sources),
      ...Object.fromEntries(
        [...refusals].map(([status, codes]) => [
          String(status),
          { $ref: `#/components/responses/${refusalName(codes)}` },
        ]),
      ),
    },
  };
}

function pathParameters({ path, machine }: Operation): object[] {
  const [, name] = /:(\w+)/.exec(path) ?? [];
  if (name === undefined || machine === undefined) return [];
  const description = `\`${name}\` of the ${machine.replaceAll("_", " ")}.`;
  const schema = { type: "string", format: "uuid" };
  return [{ name, in: "path", required: true, description, schema, example: exampleRows[machine].id }];
}

function requestBody({ name, request }: Operation): object {
  if (!request) return {};
  // An empty body counts as {}.
  const required = !request.safeParse({}).success;
  const { body } = exampleOf(name);
  const media = { schema: { $ref: placeOf(nameOf(request)) }, ...(body === undefined ? {} : { example: body }) };
  return { description: bodyLimits, required, content: { "application/json": media } };
}

function successes(operation: Operation, { answers, schemas }: PathSources): Record<string, object> {
  const { name, method, answer, status } = operation;
  const replayed = method === "POST" ? (["replayed"] as const) : [];
  const answered = answers.operations[name];
  const schema = nameOf(answer);
  const members = Object.keys(schemas[schema]?.properties ?? {}).map((member) => `\`${member}\``);
  return Object.fromEntries(
    status.map((code) => [
      String(code),
      {
        description: `With ${members.join(", ")}.`,
        headers: headerReferences(["requestId", "serverTiming", ...replayed]),
        content: {
          "application/json": {
            schema: { $ref: placeOf(schema) },
            ...(answered?.status === code ? { example: answered.body } : {}),
          },
        },
      },
    ]),
  );
}
