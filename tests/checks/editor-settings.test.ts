import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repositoryRoot } from "../../local/paths.ts";

const read = (file: string) => readFile(join(repositoryRoot, file), "utf8");

/** JSON with lines of comments, as VS Code reads it. */
const readSettings = async (file: string) => JSON.parse((await read(file)).replace(/^\s*\/\/.*$/gm, ""));

test(".editorconfig says what biome.json says", async () => {
  const { formatter } = JSON.parse(await read("biome.json"));
  const [, everywhere = ""] = (await read(".editorconfig")).split("[*]\n");
  const [section = ""] = everywhere.split("\n[");
  const settings = Object.fromEntries(
    section
      .trim()
      .split("\n")
      .map((line) => line.split(" = ")),
  );
  expect(settings).toMatchObject({
    indent_style: formatter.indentStyle,
    indent_size: String(formatter.indentWidth),
    max_line_length: String(formatter.lineWidth),
    // Biome's own defaults, which biome.json leaves as they are.
    end_of_line: formatter.lineEnding ?? "lf",
    charset: "utf-8",
    insert_final_newline: "true",
  });
});

test("VS Code takes Deno for functions/ alone, with their import map, and Biome for formatting", async () => {
  const settings = await readSettings(".vscode/settings.json");
  expect(settings["deno.enablePaths"]).toEqual(["functions"]);
  expect(settings["deno.enable"]).toBeUndefined();
  const config = settings["deno.config"];
  expect(Object.keys(JSON.parse(await read(config)).imports)).toContain("@db/postgres");
  expect(existsSync(join(repositoryRoot, settings["deno.path"]))).toBe(true);
  for (const language of ["typescript", "json", "jsonc"]) {
    expect(settings[`[${language}]`]).toEqual({ "editor.defaultFormatter": "biomejs.biome" });
  }
  // Its formatter would delete comments.
  expect(settings["[sql]"]).toEqual({ "editor.formatOnSave": false });
});

test("VS Code recommends the extensions that its settings are for", async () => {
  const { recommendations } = await readSettings(".vscode/extensions.json");
  expect(recommendations).toEqual(["biomejs.biome", "denoland.vscode-deno", "editorconfig.editorconfig"]);
});
