import { expect, test } from "vitest";
import { z } from "zod";
import { uuid } from "../../types/client/uuid.ts";

test("ids are random UUIDs of version 4, every bit of them by chance but for the version", () => {
  const ids = Array.from({ length: 1_000 }, uuid);
  for (const id of ids) expect(z.uuidv4().safeParse(id)).toMatchObject({ success: true });
  expect(new Set(ids).size).toBe(1_000);
  const seen = Array.from({ length: 36 }, (_, index) => new Set(ids.map((id) => id[index])).size);
  const fixed = { 8: 1, 13: 1, 18: 1, 23: 1, 14: 1, 19: 4 };
  expect(seen).toEqual(seen.map((_, index) => fixed[index as keyof typeof fixed] ?? 16));
});
