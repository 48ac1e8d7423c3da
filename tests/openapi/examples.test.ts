import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { biomeFormat } from "../../local/biome.ts";
import { type Answers, answersPath } from "../../local/openapi/answers.ts";
import { curlOf } from "../../local/openapi/curl.ts";
import { exampleOf, exampleRows } from "../../local/openapi/examples.ts";
import { nameOf } from "../../local/openapi/schemas.ts";
import { repositoryRoot } from "../../local/paths.ts";
import { operations } from "../../types/contracts/operations.ts";
import { type ProblemCode, problems } from "../../types/contracts/problems.ts";
import { expectProblem } from "../functions/support/problems.ts";
import { type Api, startApi } from "../machines/support/api.ts";
import { type Machine, machinesOf } from "../machines/support/machines.ts";
import { misfits, undocumented } from "../support/documented.ts";
import { provocations } from "./support/provocations.ts";
import { recorded } from "./support/recorded.ts";
import { runCurl } from "./support/send.ts";
import { Story, shownIds } from "./support/story.ts";

let api: Api;
let machines: Record<string, Machine>;
let story: Story;
const answers: Answers = { operations: {}, problems: {} };

beforeAll(async () => {
  api = await startApi();
  machines = machinesOf(api.stack.database);
  story = new Story(api);
  // What `npm start` begins with, but for what analyses would read: that is another day by day.
  await api.stack.database.query(await readFile(join(repositoryRoot, "supabase", "seed.sql"), "utf8"));
  await api.stack.database.query("delete from public.orchestration_metrics");
});

afterAll(() => api.stack.stop());

test.each(operations)("the example of $name is answered as its contract and the document say", async (operation) => {
  const { name, request, answer, machine } = operation;
  const example = exampleOf(name);
  if (request && example.body) expect(misfits(nameOf(request), example.body)).toEqual([]);
  const id = await story.rowFor(operation);

  const variables: Record<string, string> = {
    SUPABASE_URL: api.stack.url,
    SECRET_KEY: api.stack.secretKey,
    ATTEMPT: "1",
  };
  if (machine && id) variables[exampleRows[machine].variable] = id;
  if (name === "handoffs.prepare") variables.SESSION_ID = await story.startedSession();
  const received = await runCurl(curlOf(operation, example), variables);
  expect(received).toMatchObject({ status: operation.status.at(-1) });
  expect(undocumented(operation, received)).toEqual([]);
  const body = answer.parse(JSON.parse(received.text)) as Record<string, unknown>;
  answers.operations[name] = { status: received.status, body: recorded(body, shownIds(operation, body)) };
});

/** Those that take a server in trouble, or no operation at all. */
const elsewhere = ["method_not_allowed", "internal", "database_unavailable", "auth_unavailable", "overloaded"];

test("every refusal of a healthy stack is provoked", () => {
  const codes = Object.keys(problems).filter((code) => !elsewhere.includes(code));
  expect(Object.keys(provocations)).toEqual(codes);
});

test.each(Object.entries(provocations))("%s is what the document says", async (code, provoke) => {
  const problem = await expectProblem(await provoke(api, machines), code as ProblemCode);
  answers.problems[code] = recorded(problem);
});

// After the others, as it is made of what they were answered.
test("what was answered is what the documents show", async () => {
  expect(Object.keys(answers.operations)).toHaveLength(operations.length);
  const text = await biomeFormat(answersPath, JSON.stringify(answers));
  await expect(text).toMatchFileSnapshot(join(repositoryRoot, answersPath));
});
