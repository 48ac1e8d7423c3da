import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { okrGenerationAnswer } from "../../types/contracts/okr-generations.ts";
import { sweepAnswer } from "../../types/contracts/telemetry-runs.ts";
import { expectProblem } from "../functions/support/problems.ts";
import { type Api, answerOf, startApi } from "./support/api.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stack.stop());

beforeEach(() => api.stack.database.query("delete from public.okr_generation_log"));

const start = async (body?: Record<string, unknown>) =>
  (await answerOf(okrGenerationAnswer, api.post("okr-generations", body), 201)).generation;

const move = async (id: string, event: string, body: Record<string, unknown>) =>
  (await answerOf(okrGenerationAnswer, api.post(`okr-generations/${id}/${event}`, body))).generation;

describe("start", () => {
  test("is for the present month in UTC, and dated by the same clock", async () => {
    const generation = await start();
    const [now] = await api.stack.database.query<{ date: string }>(
      "select to_char(now() at time zone 'utc', 'YYYY-MM-DD') as date",
    );
    expect(generation).toMatchObject({
      status: "running",
      generation_date: now?.date,
      period: now?.date.slice(0, 7),
      created_by: "secret:default",
    });
  });

  test("refuses a vision that there is not, by the field", async () => {
    const vision_id = "00000000-0000-0000-0000-000000000000";
    const problem = await expectProblem(await api.post("okr-generations", { vision_id }), "invalid_request");
    expect(problem.issues).toMatchObject([{ path: ["vision_id"] }]);
  });

  test("of twenty at once makes one generation, and tells the others which", async () => {
    const responses = await Promise.all(
      Array.from({ length: 20 }, () => api.post("okr-generations", { period: "2026-02" })),
    );
    const [made, ...more] = responses.filter(({ status }) => status === 201);
    expect(more).toEqual([]);
    const { generation } = okrGenerationAnswer.parse(await made?.json());
    for (const refused of responses.filter((response) => response !== made)) {
      const problem = await expectProblem(refused, "generation_exists");
      expect(problem).toMatchObject({ id: generation.id, current: "running", period: "2026-02" });
      expect(problem.detail).toContain(generation.id);
    }
  });

  test("is possible again after a failure", async () => {
    const { id } = await start({ period: "2026-03" });
    await move(id, "fail", { error_message: "no vision" });
    expect((await start({ period: "2026-03" })).id).not.toBe(id);
  });
});

describe("complete", () => {
  test.each([
    [0, 0],
    [1, 0],
    [0, 7],
    [1, 2],
    [2, 1],
    [1, 999],
    [5, 3],
    [1_000_000, 1_000_000],
  ])("counts %i and %i with ratios that sum to 1.00", async (top_down_count, bottom_up_count) => {
    const { id } = await start({ period: "2026-04" });
    const source_breakdown = { chairman: top_down_count };
    const generation = await move(id, "complete", { top_down_count, bottom_up_count, source_breakdown });
    expect(generation).toMatchObject({
      status: "completed",
      top_down_count,
      bottom_up_count,
      source_breakdown,
      total_krs_generated: top_down_count + bottom_up_count,
    });
    const [ratios] = await api.stack.database.query<{ sum: string; top_down: string }>(
      "select top_down_ratio + bottom_up_ratio as sum, top_down_ratio as top_down from public.okr_generation_log",
    );
    expect(ratios?.sum).toBe("1.00");
    const total = top_down_count + bottom_up_count;
    // Where nothing was generated, the documented aim of 40 to 60.
    const share = total === 0 ? 0.4 : top_down_count / total;
    expect(Math.abs(Number(ratios?.top_down) - share)).toBeLessThan(0.005_001);
    expect(generation).toEqual(await api.row("okr_generation_log", id));
  });
});

describe("fail", () => {
  test("keeps why, without the secrets in it", async () => {
    const { id } = await start();
    const generation = await move(id, "fail", { error_message: "token=hunter2 was refused" });
    expect(generation).toMatchObject({ status: "failed", error_message: "token=*** was refused" });
  });

  test("happens by the sweep to what runs for more than a day, and to nothing else", async () => {
    const [old, young] = [await start({ period: "2026-05" }), await start({ period: "2026-06" })];
    const done = await start({ period: "2026-07" });
    await move(done.id, "complete", { top_down_count: 1, bottom_up_count: 1 });
    await api.stack.database.query(
      "update public.okr_generation_log set created_at = now() - interval '25 hours' where id in ($1, $2)",
      [old.id, done.id],
    );
    const swept = await answerOf(sweepAnswer, api.post("telemetry-runs/sweep", {}, { label: "cron" }));
    expect(swept).toMatchObject({ telemetry_runs_timed_out: 0, okr_generations_failed: 1, skipped: 0 });
    expect(await api.row("okr_generation_log", old.id)).toMatchObject({
      status: "failed",
      error_message: expect.stringMatching(/\S/),
    });
    expect(await api.row("okr_generation_log", young.id)).toEqual(young);
    expect(await api.row("okr_generation_log", done.id)).toMatchObject({ status: "completed" });
    const [move_] = await api.stack.database.query(
      "select event, actor from public.state_transitions where entity_id = $1 order by id desc limit 1",
      [old.id],
    );
    expect(move_).toEqual({ event: "fail", actor: "sweep" });
  });
});
