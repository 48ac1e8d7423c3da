import { spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { advise, listedExceptions, unexplained } from "./advisors.ts";
import { filledText } from "./columns.ts";
import { readCommandLine, runScript } from "./command-line.ts";
import { chooseDriver, denoArguments, denoProgram } from "./edge-functions.ts";
import { repositoryRoot } from "./paths.ts";
import { withScratchDatabase } from "./scratch-database.ts";
import { upperCaseWords } from "./sql-case.ts";

/** What a check printed, and whether it passed. */
interface Outcome {
  passed: boolean;
  output: string;
  /** What a check that passed has to say all the same. */
  note?: string;
}

interface Check {
  /** What it makes sure of, in a line. */
  about: string;
  run: () => Promise<Outcome>;
}

function run(program: string, args: string[]): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: repositoryRoot, env: { ...process.env, NO_COLOR: "1" } });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        output += chunk;
      });
    }
    child.once("error", reject);
    child.once("close", (code) => resolve({ passed: code === 0, output: output.trim() }));
  });
}

const installed = (name: string, ...args: string[]) => run(join(repositoryRoot, "node_modules", ".bin", name), args);
const script = (file: string, ...args: string[]) => run(process.execPath, ["--import", "tsx", file, ...args]);

/** The .sql files of a folder, by path from the root. */
async function sqlFiles(folder: string): Promise<string[]> {
  return (await readdir(join(repositoryRoot, folder)))
    .filter((file) => file.endsWith(".sql"))
    .map((file) => join(folder, file));
}

async function checkSql(): Promise<Outcome> {
  const lint = await installed("postgres-language-server", "check", "--error-on-warnings", "supabase", "local");
  const loud: string[] = [];
  const folders = ["supabase/migrations", "supabase/snippets", "supabase"];
  for (const file of (await Promise.all(folders.map(sqlFiles))).flat()) {
    const text = await readFile(join(repositoryRoot, file), "utf8");
    for (const { line, word } of upperCaseWords(text)) loud.push(`${file}:${line} ${word} is not in lower case`);
  }
  return { passed: lint.passed && loud.length === 0, output: [lint.output, ...loud].join("\n") };
}

/** Every edge function, and what else is run by Deno here, as Deno sees them. */
async function checkDeno(): Promise<Outcome> {
  const { importMap } = await chooseDriver();
  const folders = await readdir(join(repositoryRoot, "functions"), { withFileTypes: true });
  const entries = folders
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("_"))
    .map((entry) => join("functions", entry.name, "index.ts"));
  const others = [join("local", "functions-server.ts"), join("tests", "functions", "compare-operations.deno.ts")];
  const map = importMap ? ["--cached-only", `--import-map=${importMap}`] : [];
  return run(denoProgram(), ["check", ...denoArguments, ...map, ...entries, ...others]);
}

/** Passes, and says so, where the documents are not beside the checkout, as in a clone of the repository alone. */
async function checkFacts(): Promise<Outcome> {
  const outcome = await script("tests/conformance/extract-facts.ts", "--check");
  return { ...outcome, note: outcome.output };
}

/** On a database of its own with every migration. */
async function checkAdvisors(): Promise<Outcome> {
  const lines = await withScratchDatabase(async ({ url }) => unexplained(await advise(url), await listedExceptions()));
  return { passed: lines.length === 0, output: lines.join("\n") };
}

const checks: Record<string, Check> = {
  format: {
    about: "TypeScript and JSON are formatted and linted (Biome)",
    run: () => installed("biome", "check", "--error-on-warnings"),
  },
  sql: { about: "SQL parses, is linted (postgres-language-server), in lower case", run: checkSql },
  typescript: { about: "Node-side TypeScript compiles (tsc)", run: () => installed("tsc", "--noEmit") },
  deno: { about: "the edge functions compile (deno check)", run: checkDeno },
  migrations: {
    about: "no migration does what is unsafe on a running database (squawk)",
    run: async () => installed("squawk", ...(await sqlFiles("supabase/migrations"))),
  },
  facts: {
    about: "tests/conformance/facts.json says what the documents say",
    run: checkFacts,
  },
  lock: {
    about: "package-lock.json can be installed on every platform",
    run: () => script("local/complete-lock.ts", "--check"),
  },
  advisors: {
    about: "Supabase's advisors and dblint find nothing that is not explained",
    run: checkAdvisors,
  },
  types: {
    about: "types/ and the diagrams fit the migrations and contracts",
    run: () => script("local/generate-types.ts", "--check"),
  },
  openapi: {
    about: "docs/openapi.json and docs/http-api.md fit the contracts",
    run: () => script("local/generate-openapi.ts", "--check"),
  },
};

/** A check in lines of at most 80 columns: what it makes sure of, after `lead`. */
const told = (lead: string, width: number, about: string) => filledText(about, lead.padEnd(width), " ".repeat(width));

const usage = `Runs the checks that CI runs besides the tests; changes nothing.

Usage: npm run check [-- name …]

${Object.entries(checks)
  .flatMap(([name, { about }]) => told(`  ${name}`, 14, about))
  .join("\n")}
`;

async function main(args: string[]): Promise<number> {
  const { values, positionals: names } = readCommandLine("npm run check", { args, allowPositionals: true });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const unknown = names.find((name) => !Object.hasOwn(checks, name));
  if (unknown !== undefined) {
    process.stderr.write(`error: there is no check "${unknown}"\n\n${usage}`);
    return 1;
  }
  const chosen = names.length > 0 ? names : Object.keys(checks);
  let failed = 0;
  for (const name of chosen) {
    const check = checks[name] as Check;
    const begun = performance.now();
    const { passed, output, note } = await check.run();
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    const lead = `${passed ? "ok    " : "FAILED"} ${name.padEnd(12)} ${seconds.padStart(5)} s  `;
    process.stdout.write(`${told(lead, lead.length, check.about).join("\n")}\n`);
    if (passed && note) process.stdout.write(`${told("", lead.length, note).join("\n")}\n`);
    if (!passed) {
      failed += 1;
      process.stdout.write(`${output.replace(/^/gm, "    ")}\n`);
    }
  }
  return failed === 0 ? 0 : 1;
}

runScript(() => main(process.argv.slice(2)));
