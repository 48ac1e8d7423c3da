import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { denoArguments, denoProgram } from "../../local/edge-functions.ts";
import { repositoryRoot } from "../../local/paths.ts";
import { type CliOutput, supabaseCli } from "../../local/supabase-cli.ts";
import { type ManagementApi, startManagementApi } from "./management-api.ts";

const run = promisify(execFile);

let api: ManagementApi;
let output: CliOutput;
let functionNames: string[];

beforeAll(async () => {
  const folders = await readdir(join(repositoryRoot, "functions"), { withFileTypes: true });
  functionNames = folders.filter((entry) => entry.isDirectory() && !entry.name.startsWith("_")).map(({ name }) => name);

  api = await startManagementApi();
  const folder = await mkdtemp(join(tmpdir(), "leo-deploy-"));
  const profile = join(folder, "profile.yaml");
  await writeFile(profile, `name: test\napi_url: ${api.url}\ndashboard_url: ${api.url}\nproject_host: project.test\n`);
  try {
    output = await supabaseCli(
      ["functions", "deploy", "--use-api", "--yes", "--profile", profile, "--remote=abcdefghijklmnopqrst"],
      { env: { SUPABASE_ACCESS_TOKEN: `sbp_${"0".repeat(40)}` } },
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
afterAll(() => api.close());

/** The repository's files that a function loads, as Deno itself resolves them. */
async function loadedFiles(name: string): Promise<string[]> {
  const { importMap } = inject("driver");
  const map = importMap ? [`--import-map=${importMap}`] : [];
  const entry = join("functions", name, "index.ts");
  const { stdout } = await run(denoProgram(), ["info", "--json", ...denoArguments, ...map, entry], {
    cwd: repositoryRoot,
    maxBuffer: 64 * 1024 * 1024,
  });
  const { modules } = JSON.parse(stdout) as { modules: { specifier: string; error?: string }[] };
  expect(modules.filter(({ error }) => error)).toEqual([]);
  return (
    modules
      .filter(({ specifier }) => specifier.startsWith("file:"))
      .map(({ specifier }) => relative(repositoryRoot, fileURLToPath(specifier)))
      // What the platform brings itself: packages, and here the driver, wherever it comes from.
      .filter((path) => !/^(\.\.|node_modules|local)\//.test(path))
      .sort()
  );
}

test("the CLI deploys every function of functions/ and warns about nothing", () => {
  expect([...api.uploads.keys()].sort()).toEqual(functionNames.sort());
  expect(api.madeLive.sort()).toEqual(functionNames.sort());
  expect(`${output.stdout}${output.stderr}`).not.toMatch(/warn/i);
});

test("each upload holds exactly the files that its function loads, and the import map", async () => {
  for (const name of functionNames) {
    const upload = api.uploads.get(name);
    expect([...(upload?.files.keys() ?? [])].sort(), name).toEqual(
      [...(await loadedFiles(name)), "functions/deno.json"].sort(),
    );
    for (const [path, text] of upload?.files ?? []) {
      expect(text.trim(), path).toBe((await readFile(join(repositoryRoot, path), "utf8")).trim());
    }
  }
});

test("the platform is told to leave credentials to the functions, and to use their import map", () => {
  for (const [name, { metadata }] of api.uploads) {
    expect(metadata).toMatchObject({
      name,
      entrypoint_path: `functions/${name}/index.ts`,
      import_map_path: "functions/deno.json",
      verify_jwt: false,
    });
  }
});
