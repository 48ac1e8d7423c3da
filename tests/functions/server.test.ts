import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, describe, expect, inject, test } from "vitest";
import { denoArguments, denoProgram } from "../../local/edge-functions.ts";
import { repositoryRoot } from "../../local/paths.ts";
import { type FunctionsUnderTest, startFunctions } from "./support/functions.ts";
import { expectProblem } from "./support/problems.ts";

describe("the local server of the functions", () => {
  let functions: FunctionsUnderTest | undefined;

  afterEach(async () => {
    await functions?.stop();
    functions = undefined;
  });

  test("serves every function of functions/ and nothing else", async () => {
    functions = await startFunctions();
    expect(functions.functions.names).toEqual(expect.arrayContaining(["exec-sessions", "health"]));
    expect(functions.functions.names.filter((name) => name.startsWith("_"))).toEqual([]);
    await expectProblem(await functions.call("_shared"), "not_found");
    await expectProblem(await functions.call("../health"), "not_found");
  });
});

describe("a setting that makes no sense is named at the start, without its value", () => {
  const good = {
    SUPABASE_URL: "http://127.0.0.1:1",
    SUPABASE_DB_URL: "postgresql://postgres:hidden-password@127.0.0.1:1/postgres",
    SUPABASE_PUBLISHABLE_KEYS: '{"default":"sb_publishable_x"}',
    SUPABASE_SECRET_KEYS: '{"default":"sb_secret_hidden"}',
    SUPABASE_JWKS: '{"keys":[]}',
  };

  async function endOf(env: Record<string, string>): Promise<{ code: number | null; stderr: string }> {
    const { importMap } = inject("driver");
    const map = importMap ? ["--cached-only", `--import-map=${importMap}`] : [];
    const permissions = ["--allow-env", "--allow-net", "--allow-sys", `--allow-read=${repositoryRoot}`];
    const program = join(repositoryRoot, "local", "functions-server.ts");
    const child = spawn(denoProgram(), ["run", "--no-prompt", ...denoArguments, ...map, ...permissions, program], {
      cwd: repositoryRoot,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: "1", ...good, ...env },
      stdio: ["pipe", "ignore", "pipe"],
    });
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    const [code] = await once(child, "close");
    return { code, stderr };
  }

  test.each([
    ["SUPABASE_URL", ""],
    ["SUPABASE_URL", "hidden-host"],
    ["SUPABASE_DB_URL", ""],
    ["SUPABASE_DB_URL", "mysql://hidden:hidden@host/db"],
    ["SUPABASE_DB_URL", "postgresql://postgres:hid%den@host/db"],
    ["SUPABASE_DB_URL", "postgresql://postgres:hidden@host/db?sslmode=maybe"],
    ["SUPABASE_SECRET_KEYS", ""],
    ["SUPABASE_SECRET_KEYS", "sb_secret_hidden"],
    ["SUPABASE_SECRET_KEYS", '["sb_secret_hidden"]'],
    ["SUPABASE_SECRET_KEYS", '{"default":null}'],
    ["SUPABASE_SECRET_KEYS", '{"default":""}'],
    ["SUPABASE_SECRET_KEYS", '{"a/b":"sb_secret_hidden"}'],
    ["SUPABASE_PUBLISHABLE_KEYS", "{"],
    ["SUPABASE_JWKS", '{"hidden":1}'],
    ["SUPABASE_JWKS", '{"keys":[null]}'],
    ["LEO_DB_POOL_SIZE", "0"],
    ["LEO_DB_POOL_SIZE", "five"],
    ["LEO_DB_STATEMENT_TIMEOUT_MS", "-1"],
    ["LEO_DB_IDLE_TRANSACTION_TIMEOUT_MS", "0"],
    ["LEO_DB_CLIENT_CHECK_MS", "1s"],
    ["LEO_BODY_TIMEOUT_MS", "0"],
    ["LEO_AUTH_TIMEOUT_MS", "0"],
    // No statement could be begun: one may take eight seconds, and two more until we hear of it.
    ["LEO_REQUEST_TIMEOUT_MS", "10000"],
    ["LEO_SHUTDOWN_TIMEOUT_MS", "0"],
  ])("%s=%s", async (name, value) => {
    const { code, stderr } = await endOf({ [name]: value });
    expect(code).toBe(1);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toContain(name);
    expect(stderr).not.toContain("hidden");
  });
});
