/** The HTTP API as an OpenAPI 3.1 document. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { routes } from "../../types/contracts/routes.ts";
import type { Table } from "../catalogue.ts";
import { repositoryRoot } from "../paths.ts";
import type { Answers } from "./answers.ts";
import type { CommentedFile } from "./comments.ts";
import { headerParameters, responseHeaders, securitySchemes } from "./envelope.ts";
import { type JsonSchema, namesIn } from "./json-schema.ts";
import { commentOnRoute, describePaths } from "./paths.ts";
import { namedSchemas } from "./schemas.ts";

/** What the documents are made of. */
export interface DocumentSources {
  /** Of types/contracts. */
  comments: CommentedFile[];
  tables: Table[];
  answers: Answers;
}

/** The document, as far as other parts of this project read it. */
export interface OpenApiDocument {
  openapi: string;
  info: { title: string; version: string; [other: string]: unknown };
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, unknown>>;
  components: { schemas: Record<string, JsonSchema>; responses: Record<string, unknown>; [other: string]: unknown };
  [other: string]: unknown;
}

const description = `Moves sessions, gates, hand-offs, telemetry runs and OKR generations of the LEO protocol from state \
to state, and takes in metrics. Every answer is JSON; every refusal is a problem of RFC 9457 whose \`code\` tells what \
it is about. docs/http-api.md says the same for people.`;

const servers = [
  { url: "http://127.0.0.1:54321/functions/v1", description: "`npm start`, or `supabase start`" },
  {
    url: "https://{project}.supabase.co/functions/v1",
    description: "A hosted project",
    variables: { project: { default: "your-project-ref", description: "Reference of the project" } },
  },
];

/** Everything that docs/openapi.json says. */
export async function openApiDocument({ comments, tables, answers }: DocumentSources): Promise<OpenApiDocument> {
  const { version } = JSON.parse(await readFile(join(repositoryRoot, "package.json"), "utf8"));
  const schemas = namedSchemas({ comments, tables });
  const { paths, responses } = describePaths({ comments, answers, schemas });
  return {
    openapi: "3.1.0",
    "x-generated-by": "npm run openapi, from types/contracts; do not edit",
    info: { title: "LEO control plane", version, description, license: { name: "MIT", identifier: "MIT" } },
    servers,
    tags: Object.keys(routes).map((group) => ({ name: group, description: commentOnRoute(comments, group) })),
    paths,
    components: {
      securitySchemes,
      parameters: headerParameters(comments),
      headers: Object.fromEntries(
        Object.entries(responseHeaders).map(([key, { name: _name, ...rest }]) => [key, rest]),
      ),
      responses,
      schemas: reachable(schemas, [paths, responses]),
    },
  };
}

/** The schemas that something refers to, by name. */
function reachable(schemas: Record<string, JsonSchema>, from: unknown): Record<string, JsonSchema> {
  const found = new Set<string>();
  const visit = (value: unknown) => {
    for (const name of namesIn(value)) {
      if (found.has(name)) continue;
      found.add(name);
      visit(schemas[name]);
    }
  };
  visit(from);
  return Object.fromEntries([...found].sort().map((name) => [name, schemas[name] ?? {}]));
}
