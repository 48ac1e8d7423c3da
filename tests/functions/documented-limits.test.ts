import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repositoryRoot } from "../../local/paths.ts";
import { SHUTDOWN_TIMEOUT_MS } from "../../local/shutdown.ts";

const text = (path: string) => readFile(join(repositoryRoot, path), "utf8");

/** `LEO_… | 8000` of a Markdown table. */
function documented(markdown: string): Record<string, number> {
  const rows = [...markdown.matchAll(/\| `?(LEO_[A-Z_]+)`? \| (\d+)/g)];
  return Object.fromEntries(rows.map(([, name, value]) => [name as string, Number(value)]));
}

test("the defaults of the time limits are those that README and environment.ts tell", async () => {
  const source = await text("functions/_shared/environment.ts");
  const read = [...source.matchAll(/integer\(\s*"(LEO_[A-Z_]+)",\s*(?:Deno\S+ === "windows" \? 0 : )?([\d_]+),/g)];
  const defaults = Object.fromEntries(read.map(([, name, value]) => [name as string, Number(value?.replace("_", ""))]));
  expect(Object.keys(defaults).length).toBeGreaterThan(6);
  // Made from the time that a statement has.
  const statementMs = (defaults.LEO_DB_STATEMENT_TIMEOUT_MS ?? Number.NaN) + 2_000;
  expect(source).toContain('integer("LEO_REQUEST_TIMEOUT_MS", statementMs + 20_000,');
  expect(source).toContain("GRACE_MS = 2_000;");
  const all = { ...defaults, LEO_REQUEST_TIMEOUT_MS: statementMs + 20_000 };
  expect(documented(await text("README.md"))).toEqual({ ...all, LEO_SHUTDOWN_TIMEOUT_MS: SHUTDOWN_TIMEOUT_MS });
  expect(documented(source)).toEqual(all);
});
