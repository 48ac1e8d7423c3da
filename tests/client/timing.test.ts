import { describe, expect, test } from "vitest";
import { backOff, wait, within } from "../../types/client/timing.ts";

describe("the wait for the next attempt", () => {
  test("doubles with each failure up to 8 s, of which half is random", () => {
    const longest = [1, 2, 3, 4, 5, 6, 7, 50].map((failed) => backOff(failed, undefined, 1));
    expect(longest).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
    expect(longest.map((most) => most / 2)).toEqual(
      [1, 2, 3, 4, 5, 6, 7, 50].map((failed) => backOff(failed, undefined, 0)),
    );
  });

  test("is never shorter than what the functions ask for", () => {
    expect(backOff(1, 2_000, 0)).toBe(2_000);
    expect(backOff(3, 2_000, 1)).toBe(2_500);
  });

  test("is another one each time", () => {
    expect(new Set(Array.from({ length: 20 }, () => backOff(1))).size).toBeGreaterThan(10);
  });
});

test("what takes too long is told how long it had, in whole milliseconds", async () => {
  const ended = within(1.2000000000000002, undefined, (signal) => wait(60_000, signal));
  await expect(ended).rejects.toMatchObject({ name: "TimeoutError", message: "none within 2 ms" });
});
