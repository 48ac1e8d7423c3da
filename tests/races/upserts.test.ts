import { afterAll, beforeAll, expect, test } from "vitest";
import { createDirective } from "../functions/support/directives.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function activeSession(): Promise<{ id: string; sdId: string }> {
  const sdId = await createDirective(database);
  const [row] = await database.query<{ id: string }>(
    `insert into public.exec_implementation_sessions (sd_id, implementation_type, quality_gates)
     values ($1, 'UI_COMPONENT', array['TESTING']) returning id`,
    [sdId],
  );
  return { id: row?.id ?? "", sdId };
}

/** SQLSTATEs of those statements that failed, sent at once on two connections, many times. */
async function failures(rounds: number, one: [string, unknown[]], other: [string, unknown[]]): Promise<string[]> {
  const [first, second] = [await database.connect(), await database.connect()];
  const failed: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const note = (error: { code: string }) => failed.push(error.code);
    await Promise.all([first.query(...one).catch(note), second.query(...other).catch(note)]);
  }
  return failed;
}

test("an upsert of a checkpoint and an update of it do not wait for each other in a circle", async () => {
  const { id, sdId } = await activeSession();
  const upsert = `insert into public.exec_quality_checkpoints (session_id, sd_id, checkpoint_name, checkpoint_type, score)
    values ($1, $2, 'TESTING', 'TESTING', 50)
    on conflict (session_id, checkpoint_name) do update set score = excluded.score`;
  const update = "update public.exec_quality_checkpoints set score = 60 where session_id = $1";
  expect(await failures(200, [upsert, [id, sdId]], [update, [id]])).toEqual([]);
});

test("an upsert of a session and a change of it do not wait for each other in a circle", async () => {
  const { id, sdId } = await activeSession();
  const upsert = `insert into public.exec_implementation_sessions (id, sd_id, implementation_type, status)
    values ($1, $2, 'UI_COMPONENT', 'active') on conflict (id) do update set status = 'active'`;
  const pause = `update public.exec_implementation_sessions
    set status = case status when 'active' then 'paused' else 'active' end where id = $1`;
  expect(await failures(200, [upsert, [id, sdId]], [pause, [id]])).toEqual([]);
});
