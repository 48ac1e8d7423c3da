import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { environmentText } from "../../local/environment-file.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "leo-environment-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("a shell and Node.js read the same, also of a connection string with what either could stumble over", async () => {
  const file = join(folder, "env");
  const DB_URL = 'postgresql://me:it\'s $HOME #1 "x"@127.0.0.1:5432/db?a=b&c=`d`';
  await writeFile(file, environmentText({ SUPABASE_URL: "http://127.0.0.1:54321", DB_URL }));
  const print = 'process.stdout.write(process.env.SUPABASE_URL + " " + process.env.DB_URL)';
  const read = [
    execFileSync("sh", ["-c", `. "${file}" && printf '%s %s' "$SUPABASE_URL" "$DB_URL"`], { encoding: "utf8" }),
    execFileSync(process.execPath, [`--env-file=${file}`, "-e", print], { encoding: "utf8" }),
  ];
  // The quote is encoded, which a connection string means the same by.
  const expected = `http://127.0.0.1:54321 ${DB_URL.replace("'", "%27")}`;
  expect(read).toEqual([expected, expected]);
});
