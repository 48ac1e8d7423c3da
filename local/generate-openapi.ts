import { join } from "node:path";
import { biomeFormat } from "./biome.ts";
import { readTables } from "./catalogue.ts";
import { runGenerator } from "./generator.ts";
import { readAnswers } from "./openapi/answers.ts";
import { readCommentsOf } from "./openapi/comments.ts";
import { openApiDocument } from "./openapi/document.ts";
import { httpApiPage } from "./openapi/page.ts";
import { repositoryRoot } from "./paths.ts";
import { withScratchDatabase } from "./scratch-database.ts";

const usage = `Generates docs/openapi.json and docs/http-api.md from the contracts in
types/contracts, their doc comments, and the comments of columns, which a
freshly migrated database is asked for.

Usage: npm run openapi [-- --check]

  --check   change nothing; exit code 1 when a generated file is out of date
  --help    this text

The example requests are in local/openapi/examples.ts. What is answered to them
is kept in local/openapi/answers.json; after a change of either, between two
runs of this: npx vitest run tests/openapi/examples.test.ts -u
`;

async function generate(): Promise<Record<string, string>> {
  const comments = await readCommentsOf(join(repositoryRoot, "types", "contracts"));
  const tables = await withScratchDatabase(({ url }) => readTables(url));
  const answers = await readAnswers();
  const document = await openApiDocument({ comments, tables, answers });
  return {
    "docs/openapi.json": await biomeFormat("docs/openapi.json", JSON.stringify(document)),
    "docs/http-api.md": httpApiPage({ document, comments, answers }),
  };
}

runGenerator({ usage, command: "npm run openapi", source: "the contracts", generate });
