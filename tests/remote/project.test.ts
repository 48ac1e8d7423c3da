import { expect, test } from "vitest";
import { remoteProject } from "../support/remote/project.ts";

const given = {
  LEO_TEST_URL: "https://abc.supabase.example/",
  LEO_TEST_DB_URL: "postgresql://postgres:hunter2@db.abc.supabase.example:5432/postgres",
  LEO_TEST_PUBLISHABLE_KEY: "sb_publishable_x",
  LEO_TEST_SECRET_KEY: "sb_secret_hidden",
};

test("a project is what the environment names", () => {
  expect(remoteProject(given)).toEqual({
    url: "https://abc.supabase.example",
    databaseUrl: given.LEO_TEST_DB_URL,
    publishableKey: "sb_publishable_x",
    secretKey: "sb_secret_hidden",
  });
});

test.each(Object.keys(given))("without %s nothing is done, and it is named", (name) => {
  const { [name]: _missing, ...others } = given as Record<string, string>;
  expect(() => remoteProject(others)).toThrow(new RegExp(`nothing was done\\.\\n  ${name} is missing: \\S+$`));
});

test("what every Supabase client reads is not taken for it", () => {
  const { LEO_TEST_URL, LEO_TEST_DB_URL, LEO_TEST_SECRET_KEY } = given;
  const usual = { SUPABASE_URL: LEO_TEST_URL, DATABASE_URL: LEO_TEST_DB_URL, SECRET_KEY: LEO_TEST_SECRET_KEY };
  expect(() => remoteProject(usual)).toThrow(/LEO_TEST_URL is missing.*\n.*LEO_TEST_DB_URL is missing/);
});

test.each([
  ["LEO_TEST_URL", "abc.supabase.example"],
  ["LEO_TEST_DB_URL", "https://abc.supabase.example"],
  ["LEO_TEST_DB_URL", "postgresql://post gres@:::"],
  ["LEO_TEST_PUBLISHABLE_KEY", "sb_secret_hidden"],
  ["LEO_TEST_SECRET_KEY", "sb_publishable_x"],
])("%s that makes no sense is named, without its value", (name, value) => {
  const wrong = () => remoteProject({ ...given, [name]: value });
  expect(wrong).toThrow(new RegExp(`${name} has to look like `));
  expect(wrong).not.toThrow(/hidden|hunter2/);
});

test.each(["http://127.0.0.1:54321", "http://localhost:54321", "http://[::1]:54321"])(
  "%s is taken without TLS: it is this machine",
  (url) => {
    expect(remoteProject({ ...given, LEO_TEST_URL: url }).url).toBe(url);
  },
);

test.each([
  "http://abc.supabase.example",
  "http://127.0.0.1.example",
  "http://127.example",
  "http://localhost.example",
  "http://localhost@abc.supabase.example",
  "http://192.168.1.2:54321",
])("%s is not sent the secret key in clear", (url) => {
  expect(() => remoteProject({ ...given, LEO_TEST_URL: url })).toThrow(
    "nothing was done.\n  LEO_TEST_URL has to begin with https: only this machine may be sent the secret key in clear",
  );
});
