/** The part of the page that lists the problems. */

import { type ProblemCode, problems } from "../../types/contracts/problems.ts";
import type { Answers } from "./answers.ts";
import type { JsonSchema } from "./json-schema.ts";
import { jsonText } from "./json-text.ts";
import { code, paragraphs, table } from "./markdown.ts";
import { problemName } from "./schemas.ts";
import { descriptionOf, typeText } from "./type-text.ts";

type Schemas = Record<string, JsonSchema>;

/** What every problem has. */
const common = ["type", "title", "status", "detail", "code", "request_id"];

export function errorsSection(schemas: Schemas, answers: Answers): string[] {
  const codes = Object.keys(problems) as ProblemCode[];
  const own = (of: ProblemCode) => ownMembers(of, schemas).map(([name]) => `\`${name}\``);
  const shown = answers.problems.illegal_transition;
  return [
    "## Errors",
    paragraphs(
      "A refusal is `application/problem+json` ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) and carries what is " +
        "needed next. Programs go by `code`; a row's state is `current`, as `status` is the HTTP status.",
    ),
    ...(shown === undefined ? [] : [code("json", jsonText(shown))]),
    table(
      ["status", "code", "what it says", "carries besides"],
      codes.map((one) => [String(problems[one].status), `\`${one}\``, problems[one].title, own(one).join(", ")]),
    ),
    paragraphs(
      "503 comes with `retry-after`: the same request, with the same `Idempotency-Key` where there is one, may be sent " +
        "again. 405 comes with `allow`, 401 with `www-authenticate`.",
    ),
    table(["carried by", "member", "type", "what it is"], membersByMeaning(codes, schemas)),
  ];
}

function ownMembers(of: ProblemCode, schemas: Schemas): [string, JsonSchema][] {
  return Object.entries(schemas[problemName(of)]?.properties ?? {}).filter(([name]) => !common.includes(name));
}

/** A row for each member; one for all codes that carry the same. */
function membersByMeaning(codes: ProblemCode[], schemas: Schemas): string[][] {
  const carriers = new Map<string, ProblemCode[]>();
  for (const one of codes) {
    for (const [name, schema] of ownMembers(one, schemas)) {
      const key = JSON.stringify([`\`${name}\``, typeText(schema, schemas), descriptionOf(schema, schemas)]);
      carriers.set(key, [...(carriers.get(key) ?? []), one]);
    }
  }
  return Array.from(carriers, ([key, by]) => [by.map((one) => `\`${one}\``).join(", "), ...JSON.parse(key)]);
}
