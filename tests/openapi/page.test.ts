import { access, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { curlOf } from "../../local/openapi/curl.ts";
import { exampleOf } from "../../local/openapi/examples.ts";
import { anchor } from "../../local/openapi/markdown.ts";
import { repositoryRoot } from "../../local/paths.ts";
import { operations } from "../../types/contracts/operations.ts";
import { problems } from "../../types/contracts/problems.ts";

const read = (path: string) => readFile(join(repositoryRoot, path), "utf8");

/** Anchors of the headings of a page. */
const anchorsOf = (text: string) => [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => anchor(heading));

describe.each(["docs/http-api.md", "docs/state-machines.md", "docs/schema.md"])("%s", (path) => {
  test("has no long line but in tables", async () => {
    const long = (await read(path)).split("\n").filter((line) => line.length > 120 && !line.startsWith("|"));
    expect(long).toEqual([]);
  });

  test("links to what there is", async () => {
    const text = await read(path);
    const links = [...text.matchAll(/\]\(([^)]+)\)/g)].flatMap(([, link = ""]) =>
      /^https?:/.test(link) ? [] : [link],
    );
    expect(links).not.toEqual([]);
    for (const link of new Set(links)) {
      const [file, fragment] = link.split("#");
      const target = file ? join(dirname(path), file) : path;
      await access(join(repositoryRoot, target));
      if (fragment) expect(anchorsOf(await read(target)), link).toContain(fragment);
    }
  });
});

test("the page has every operation with its command, and every code", async () => {
  const page = await read("docs/http-api.md");
  for (const operation of operations) {
    expect(page).toContain(`\n### ${operation.name}\n`);
    expect(page).toContain(`\`\`\`sh\n${curlOf(operation, exampleOf(operation.name))}\n\`\`\``);
  }
  for (const code of Object.keys(problems)) expect(page).toContain(`| \`${code}\` |`);
});
