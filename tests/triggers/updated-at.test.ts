import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startedSession } from "../transitions/events.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  const { id } = await startedSession(database);
  await database.query(
    `insert into public.exec_handoff_preparations (session_id, sd_id, implementation_summary)
     select id, sd_id, 'Done.' from public.exec_implementation_sessions where id = $1`,
    [id],
  );
});
afterAll(() => database.drop());

describe.each([
  ["exec_implementation_sessions", "implementation_progress = 5"],
  ["exec_quality_checkpoints", "completion_notes = 'seen'"],
  ["exec_handoff_preparations", "post_implementation_notes = 'seen'"],
])("updated_at of %s", (table, change) => {
  const set = (columns: string) => database.query(`update public.${table} set ${columns}`);
  const ages = async () =>
    (
      await database.query<{ age: string }>(
        `select distinct date_trunc('hour', now() - updated_at)::text as age from public.${table}`,
      )
    ).map(({ age }) => age);

  it("is what the writer says", async () => {
    await set("updated_at = now() - interval '90 minutes'");
    expect(await ages()).toEqual(["01:00:00"]);
  });

  it("is the time of the change where the writer says nothing, or null again", async () => {
    await set(change);
    expect(await ages()).toEqual(["00:00:00"]);
    await set("updated_at = null");
    await set(change);
    expect(await ages()).toEqual(["00:00:00"]);
  });
});
