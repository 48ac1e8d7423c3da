import { expect, test } from "vitest";
import { maskSecrets } from "../../functions/_shared/mask-secrets.ts";

test.each([
  ["connect to postgresql://u:pw@h:5432/db?x=1 failed", "connect to postgresql://*** failed"],
  ["key sb_secret_aB-9_x is wrong", "key sb_secret_*** is wrong"],
  ["Authorization: Bearer abc.def", "Authorization: Bearer ***"],
  ["token eyJhbGciOi.eyJzdWIi.c2ln", "token ***"],
  ["password=hunter2 host=h", "password=*** host=h"],
  ["PASSWORD: 'a b' rest", "PASSWORD: *** rest"],
  ['apikey="x y"', "apikey=***"],
])("masks what gives access in %j", (text, masked) => {
  expect(maskSecrets(text)).toBe(masked);
});

test("leaves the rest as it is", () => {
  const text = 'function leo.start_exec_session(jsonb, jsonb) does not exist; duplicate key value violates "x_key"';
  expect(maskSecrets(text)).toBe(text);
});
