/** What was answered to the examples, ids and moments replaced: written by tests/openapi/examples.test.ts. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { repositoryRoot } from "../paths.ts";

/** One answer of a function. */
export interface Answered {
  status: number;
  body: unknown;
}

export interface Answers {
  /** By the names of the operations. */
  operations: Record<string, Answered>;
  /** By their codes; those that are hard to provoke are not there. */
  problems: Record<string, unknown>;
}

/** Where they are kept, from the root. */
export const answersPath = "local/openapi/answers.json";

export async function readAnswers(): Promise<Answers> {
  return JSON.parse(await readFile(join(repositoryRoot, answersPath), "utf8"));
}
