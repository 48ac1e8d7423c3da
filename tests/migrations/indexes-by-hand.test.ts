import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { migrate } from "../../local/migrate.ts";
import { repositoryRoot } from "../../local/paths.ts";
import { catalogueSnapshot } from "../support/catalogue-snapshot.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { lastOfBaseline } from "./support/files.ts";

async function snapshot(database: TestDatabase): Promise<string[]> {
  const client = await database.connect();
  try {
    return await catalogueSnapshot(client);
  } finally {
    await client.end();
  }
}

test("the indexes that docs/migrations.md makes beforehand are found, and the head is the same", async () => {
  const document = await readFile(join(repositoryRoot, "docs", "migrations.md"), "utf8");
  const statements = document.match(/create index concurrently if not exists [^;]+;/g) ?? [];
  expect(statements).toHaveLength(5);
  const database = await createTestDatabase({ migratedTo: lastOfBaseline });
  const head = await createTestDatabase();
  try {
    for (const statement of statements) await database.query(statement);
    const byHand = `
      select indexrelid from pg_index where indexrelid::regclass::text = any ($1) order by 1`;
    const names = statements.map((statement) => / exists (\w+)/.exec(statement)?.[1]);
    const made = await database.query(byHand, [names]);
    expect(made).toHaveLength(5);
    await migrate(database.url);
    expect(await database.query(byHand, [names])).toEqual(made);
    expect(await snapshot(database)).toEqual(await snapshot(head));
  } finally {
    await head.drop();
    await database.drop();
  }
});
