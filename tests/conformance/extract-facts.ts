import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { readCommandLine, runScript } from "../../local/command-line.ts";
import { readDocument } from "./documents.ts";
import type { Facts } from "./facts.ts";

const usage = `Writes the facts of the tables' documents to tests/conformance/facts.json.

Usage: npm run facts -- [folder] [--check]

  folder    where the documents (*.md) are; when left out, where they are given,
            beside the clone
  --check   only asks whether facts.json is up to date: exit code 1 if it is not
  --help    this text
`;

const factsFile = fileURLToPath(new URL("facts.json", import.meta.url));
const usualFolder = fileURLToPath(new URL("../../../shared/seeds", import.meta.url));

/**
 * Reads every document of a folder.
 *
 * @returns the facts as the text of facts.json: tables in alphabetical order, everything else as documented
 * @throws Error when there is no document, or one cannot be read
 */
export async function extractFacts(folder: string): Promise<string> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".md")).sort();
  if (files.length === 0) throw new Error(`there is no document (*.md) in ${folder}`);
  const facts: Facts = {};
  for (const file of files) {
    const [table, tableFacts] = readDocument(await readFile(join(folder, file), "utf8"));
    facts[table] = tableFacts;
  }
  return `${JSON.stringify(facts, null, 2)}\n`;
}

async function main(): Promise<number> {
  const { values, positionals } = readCommandLine("npm run facts", {
    allowPositionals: true,
    options: { check: { type: "boolean", default: false } },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const given = positionals[0];
  const folder = given === undefined ? usualFolder : resolve(given);
  if (!existsSync(folder)) {
    const missing = `the documents are not in ${folder}`;
    // A clone without the documents beside it has nothing to be out of date with.
    if (values.check && given === undefined) {
      process.stdout.write(`facts.json was not checked: ${missing}\n`);
      return 0;
    }
    throw new Error(`${missing}: name their folder, npm run facts -- <folder>`);
  }
  const extracted = await extractFacts(folder);
  if (!values.check) {
    await writeFile(factsFile, extracted);
    return 0;
  }
  const current = existsSync(factsFile) ? await readFile(factsFile, "utf8") : "";
  if (current === extracted) return 0;
  throw new Error("tests/conformance/facts.json is out of date: run npm run facts");
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  runScript(main);
}
