import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repositoryRoot } from "../../local/paths.ts";
import { documents, repositoryFiles } from "./support/documents.ts";
import { codeBlocks, document } from "./support/markdown.ts";

/** What is shown and not run: drawings, and what something prints. */
const shown = ["mermaid", "text"];

/** Made from what is run: tests/openapi sends each call of the page. */
const generated = ["docs/http-api.md"];

test("every block of every document is asked for by a test, which runs it", async () => {
  const asked = new Set<string>();
  for (const file of await repositoryFiles("tests/*.test.ts")) {
    const source = await readFile(join(repositoryRoot, file), "utf8");
    const calls = source.matchAll(/documentedBlocks\(\s*"([^"]+)",\s*"([^"]+)",\s*"(\w+)",?\s*\)/g);
    for (const [, path, heading, language] of calls) asked.add(`${path} · ${heading} · ${language}`);
  }

  const unproven = new Set<string>();
  let blocks = 0;
  for (const path of await documents()) {
    if (generated.includes(path)) continue;
    for (const { language, heading, text } of codeBlocks(await document(path))) {
      expect(language, `${path}, "${heading}" says in which language this is:\n${text}`).not.toBe("");
      if (shown.includes(language)) continue;
      blocks += 1;
      const name = `${path} · ${heading} · ${language}`;
      if (!asked.has(name)) unproven.add(name);
    }
  }
  expect([...unproven]).toEqual([]);
  expect(blocks).toBeGreaterThan(20);
});

test("every link from one document to another, or within one, leads somewhere", async () => {
  const broken: string[] = [];
  for (const path of await documents()) {
    const text = (await document(path)).replace(/^\s*```[\s\S]*?^\s*```$/gm, "");
    for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [file = "", anchor] = target.split("#");
      const linked = file === "" ? path : join(path, "..", file);
      const found = await readFile(join(repositoryRoot, linked), "utf8").catch((error: NodeJS.ErrnoException) =>
        error.code === "EISDIR" ? "" : null,
      );
      const isThere = found !== null && (anchor === undefined || anchors(found).includes(anchor));
      if (!isThere) broken.push(`${path}: ${target}`);
    }
  }
  expect(broken).toEqual([]);
});

/** Of headings, as GitHub makes them. */
function anchors(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replace(/\s/g, "-"),
  );
}
