import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repositoryRoot } from "../../local/paths.ts";

const readJson = async (...path: string[]) => JSON.parse(await readFile(join(repositoryRoot, ...path), "utf8"));

/** Name, version and subpath of an import's target. */
const specifier = /^npm:(?<name>(?:@[^/]+\/)?[^@/]+)@(?<version>\d+\.\d+\.\d+)(?<subpath>\/.+)?$/;

test("functions are deployed with exactly the packages that are installed and tested here", async () => {
  const { imports } = await readJson("functions", "deno.json");
  // A dependency for development in package.json: whoever installs the package gets the client, not the functions.
  const { devDependencies } = await readJson("package.json");
  const deployed: Record<string, string> = {};
  for (const [name, target] of Object.entries<string>(imports)) {
    if (name === "@db/postgres") continue;
    const found = specifier.exec(target)?.groups;
    expect(found, `${name} → ${target} is an exact version from npm`).toBeDefined();
    expect(`${found?.name}${found?.subpath ?? ""}`).toBe(name);
    const installed = await readJson("node_modules", found?.name ?? "", "package.json");
    expect(`${name} ${found?.version}`).toBe(`${name} ${installed.version}`);
    deployed[found?.name ?? ""] = found?.version ?? "";
  }
  expect(Object.keys(deployed).length).toBeGreaterThan(2);
  expect(devDependencies).toMatchObject(deployed);
});

test("the driver is pinned to an exact version of JSR", async () => {
  const { imports } = await readJson("functions", "deno.json");
  expect(imports["@db/postgres"]).toMatch(/^jsr:@db\/postgres@\d+\.\d+\.\d+$/);
});
