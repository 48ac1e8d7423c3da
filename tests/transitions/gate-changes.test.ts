import { afterAll, beforeAll, expect, test } from "vitest";
import { createDirective } from "../functions/support/directives.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** A checkpoint as given, of a session of its own. */
async function checkpoint(isRequired: boolean, isComplete: boolean): Promise<string> {
  const sdId = await createDirective(database);
  const [row] = await database.query<{ id: string }>(
    `with session as (
       insert into public.exec_implementation_sessions (sd_id, implementation_type, quality_gates)
       values ($1, 'UI_COMPONENT', array['TESTING']) returning id, sd_id
     )
     select id from session`,
    [sdId],
  );
  const [gate] = await database.query<{ id: string }>(
    `insert into public.exec_quality_checkpoints
       (session_id, sd_id, checkpoint_name, checkpoint_type, is_required, is_complete)
     values ($1, $2, 'extra', 'TESTING', $3, $4) returning id`,
    [row?.id, sdId, isRequired, isComplete],
  );
  return gate?.id ?? "";
}

const history = (id: string) =>
  database.query(
    `select event, from_status, to_status, actor from public.state_transitions
     where entity_id = $1 and event <> 'insert' order by id`,
    [id],
  );

test.each([
  ["require", false, false, "set is_required = true", "incomplete", "incomplete"],
  ["require", false, true, "set is_required = null", "complete", "complete"],
  ["waive", true, true, "set is_required = false", "complete", "complete"],
  ["waive", true, false, "set is_required = false", "incomplete", "incomplete"],
])("%s of a gate (required %s, complete %s) by plain SQL is recorded once", async (event, req, done, set, from, to) => {
  const id = await checkpoint(req, done);
  await database.query(`update public.exec_quality_checkpoints ${set} where id = $1`, [id]);
  expect(await history(id)).toEqual([{ event, from_status: from, to_status: to, actor: "postgres" }]);
});

test("the deletion of gates is recorded, each with the state that it was in", async () => {
  const ids = [await checkpoint(true, false), await checkpoint(true, true)];
  await database.query("delete from public.exec_quality_checkpoints where id = any ($1)", [ids]);
  expect(await history(ids[0] as string)).toEqual([
    { event: "delete", from_status: "incomplete", to_status: null, actor: "postgres" },
  ]);
  expect(await history(ids[1] as string)).toMatchObject([{ event: "delete", from_status: "complete" }]);
});

test("a change that is about no gate leaves the history alone", async () => {
  const id = await checkpoint(true, false);
  await database.query("update public.exec_quality_checkpoints set score = 10, is_required = null where id = $1", [id]);
  expect(await history(id)).toEqual([]);
});
