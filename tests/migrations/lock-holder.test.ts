import { expect, test } from "vitest";
import { documentedBlocks } from "../docs/support/markdown.ts";
import { createTestDatabase } from "../support/database.ts";

test("docs/migrations.md finds who holds a table for long, and ends it", async () => {
  const [block = "", ...none] = await documentedBlocks("docs/migrations.md", "When a lock timeout strikes", "sql");
  expect(none).toEqual([]);
  const [find = "", end = ""] = block.split("\n\n");
  const database = await createTestDatabase();
  try {
    const forgotten = await database.connect();
    const gone = new Promise((resolve) => forgotten.once("error", resolve));
    await forgotten.query("begin");
    await forgotten.query("lock table public.exec_implementation_sessions in share mode");

    // Every transaction is long at once.
    const held = find.replace("interval '5 seconds'", "interval '0 seconds'");
    expect(held).not.toBe(find);
    const holders = await database.query<{ pid: number; query: string }>(held);
    const holder = holders.find(({ query }) => query.startsWith("lock table"));
    expect(end).toContain("pg_terminate_backend(4711)");
    await database.query(end.replace("4711", String(holder?.pid)));
    expect(await gone).toMatchObject({ code: "57P01" });
    await database.query(
      "begin; lock table public.exec_implementation_sessions in access exclusive mode nowait; commit",
    );
  } finally {
    await database.drop();
  }
});
