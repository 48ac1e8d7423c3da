import { afterAll, beforeAll, expect, test } from "vitest";
import { type Client, startDataApiOnly, type TestDataApi } from "../support/data-api.ts";
import { caller } from "../transitions/call-event.ts";
import { type Events, eventsOf, somebody } from "./support/cast.ts";

let api: TestDataApi;
let client: Client;
let events: Events;
let visionId: string | undefined;

beforeAll(async () => {
  api = await startDataApiOnly();
  events = eventsOf(api.database);
  await api.createUser({ email: somebody });
  client = await api.signIn(somebody);
  const [vision] = await api.database.query<{ id: string }>(
    "insert into public.strategic_vision (code, title, statement) values ('V', 'Nothing spoils', 's') returning id",
  );
  visionId = vision?.id;
});
afterAll(() => api.stop());

async function failed(period: string, errorMessage: string): Promise<string> {
  const { id } = await events.startGeneration({ period });
  await events.generation("fail", id, { error_message: errorMessage });
  return id;
}

const monthOf = async (period: string) => {
  const { data, error } = await client.from("okr_history").select().eq("period", period);
  expect(error).toBeNull();
  return data;
};

test("shows the completed generation of a month, and what failed before it", async () => {
  await failed("2026-01", "the model did not answer");
  await failed("2026-01", "no vision is active");
  const { id } = await events.startGeneration({ period: "2026-01", vision_id: visionId });
  await events.generation("complete", id, { top_down_count: 3, bottom_up_count: 5, source_breakdown: { vision: 3 } });

  expect(await monthOf("2026-01")).toMatchObject([
    {
      generation_id: id,
      status: "completed",
      vision_id: visionId,
      vision_title: "Nothing spoils",
      total_krs_generated: 8,
      top_down_count: 3,
      bottom_up_count: 5,
      top_down_ratio: 0.38,
      bottom_up_ratio: 0.62,
      source_breakdown: { vision: 3 },
      created_by: caller.actor,
      failed_count: 2,
      last_error: "no vision is active",
    },
  ]);
});

test("shows the running generation of a month that has no completed one", async () => {
  await failed("2026-02", "the model did not answer");
  const { id } = await events.startGeneration({ period: "2026-02" });
  expect(await monthOf("2026-02")).toMatchObject([
    { generation_id: id, status: "running", failed_count: 1, last_error: "the model did not answer" },
  ]);
});

test("shows the last failure of a month that has nothing else", async () => {
  await failed("2026-03", "first");
  const last = await failed("2026-03", "second");
  expect(await monthOf("2026-03")).toMatchObject([
    { generation_id: last, status: "failed", failed_count: 2, last_error: "second" },
  ]);
});

test("has no error of a month in which nothing failed, whatever its generation says", async () => {
  const { id } = await events.startGeneration({ period: "2026-04" });
  await events.generation("complete", id, { top_down_count: 1, bottom_up_count: 1 });
  await api.database.query("update public.okr_generation_log set error_message = 'a warning' where id = $1", [id]);
  expect(await monthOf("2026-04")).toMatchObject([{ failed_count: 0, last_error: null }]);
});

test("has one row for each month, the newest first by an ordinary query", async () => {
  const { data } = await client.from("okr_history").select("period").order("period", { ascending: false }).limit(3);
  expect(data?.map(({ period }) => period)).toEqual(["2026-04", "2026-03", "2026-02"]);
});
