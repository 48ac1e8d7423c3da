/** Whether answers are what docs/openapi.json says. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { OpenApiDocument } from "../../local/openapi/document.ts";
import { namesIn, placeOf } from "../../local/openapi/json-schema.ts";
import { pathOf } from "../../local/openapi/paths.ts";
import { problemName } from "../../local/openapi/schemas.ts";
import { repositoryRoot } from "../../local/paths.ts";
import { type Operation, operations } from "../../types/contracts/operations.ts";
import { isProblemCode } from "../../types/contracts/problems.ts";

/** An answer of a function, its body read. */
export interface Received {
  status: number;
  headers: Headers;
  text: string;
}

interface ResponseObject {
  $ref?: string;
  headers?: Record<string, { $ref: string }>;
  content?: Record<string, { schema: object }>;
}

/** docs/openapi.json as it is in the repository. */
export const document: OpenApiDocument = JSON.parse(readFileSync(join(repositoryRoot, "docs", "openapi.json"), "utf8"));

const DOCUMENT_ID = "openapi";
// Not strict: the document has much more in it than schemas.
const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema(document, DOCUMENT_ID);

/** What is wrong with a value by one of the document's schemas; nothing where it fits. */
export function misfits(schema: string, value: unknown): string[] {
  const validate = ajv.getSchema(`${DOCUMENT_ID}${placeOf(schema)}`);
  if (!validate) return [`there is no schema ${schema}`];
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${schema}${instancePath} ${message}`);
}

const patterns = operations.map((operation) => {
  const path = `/functions/v1${pathOf(operation)}`.replace(/\{\w+\}/g, "[^/]+");
  return { operation, pattern: new RegExp(`^${path}/?$`) };
});

/** The operation that a request reaches, if it reaches one. */
export function operationAt(method: string, pathname: string): Operation | undefined {
  return patterns.find(({ operation, pattern }) => operation.method === method && pattern.test(pathname))?.operation;
}

/** What is wrong with the answer of an operation by the document; nothing where it is as documented. */
export function undocumented(operation: Operation, { status, headers, text }: Received): string[] {
  const described = document.paths[pathOf(operation)]?.[operation.method.toLowerCase()] as Documented | undefined;
  const given = described?.responses[String(status)];
  if (!given) return [`the status ${status} is not documented`];
  const { headers: promised = {}, content = {} } = given.$ref ? sharedResponse(given.$ref) : given;
  const contentType = headers.get("content-type")?.split(";")[0] ?? "";
  const media = content[contentType];
  if (!media) return [`the type ${contentType} is not documented with ${status}`];
  const missing = Object.entries(promised).filter(([name, { $ref }]) => isRequired($ref) && !headers.has(name));
  if (missing.length > 0) return missing.map(([name]) => `the header ${name} is missing with ${status}`);
  const body = parsed(text);
  if (body === undefined) return [`the body with ${status} is no JSON`];
  const names = namesIn(media.schema).filter((name, index, all) => all.indexOf(name) === index);
  if (status < 300) return names.flatMap((name) => misfits(name, body));
  const { code } = Object(body) as { code?: unknown };
  if (!isProblemCode(code) || !names.includes(problemName(code))) return [`the code ${code} is not documented`];
  return misfits(problemName(code), body);
}

interface Documented {
  responses: Record<string, ResponseObject>;
}

function sharedResponse($ref: string): ResponseObject {
  const name = $ref.replace("#/components/responses/", "");
  return document.components.responses[name] as ResponseObject;
}

function isRequired($ref: string): boolean {
  const { headers } = document.components as { headers?: Record<string, { required?: boolean }> };
  return headers?.[$ref.replace("#/components/headers/", "")]?.required ?? false;
}

/** Undefined where it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
