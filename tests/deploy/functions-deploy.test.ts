import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { denoArguments, denoProgram } from "../../local/edge-functions.ts";
import { repositoryRoot } from "../../local/paths.ts";
import type { CliOutput } from "../../local/supabase-cli.ts";
import { type HostedProject, hostedProject } from "./hosted-project.ts";
import { type ManagementApi, projectRef } from "./management-api.ts";

const run = promisify(execFile);

let project: HostedProject;
let api: ManagementApi;
let output: CliOutput;
let functionNames: string[];

beforeAll(async () => {
  const folders = await readdir(join(repositoryRoot, "functions"), { withFileTypes: true });
  functionNames = folders.filter((entry) => entry.isDirectory() && !entry.name.startsWith("_")).map(({ name }) => name);

  project = await hostedProject();
  api = project.api;
  output = await project.run(`npx supabase functions deploy --use-api --remote=${projectRef}`);
});
afterAll(() => project.remove());

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
