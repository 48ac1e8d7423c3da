import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readCommandLine, runScript } from "./command-line.ts";
import { repositoryRoot } from "./paths.ts";

/** A script that writes files which nobody edits by hand. */
export interface Generator {
  usage: string;
  /** What runs it, for messages. */
  command: string;
  /** What the files are made of, for messages. */
  source: string;
  /** The texts of the files by their paths from the root. */
  generate(): Promise<Record<string, string>>;
}

const options = {
  check: { type: "boolean", default: false },
} as const;

async function run({ usage, command, source, generate }: Generator, args: string[]): Promise<number> {
  const {
    values: { check, help },
  } = readCommandLine(command, { args, options });
  if (help) {
    process.stdout.write(usage);
    return 0;
  }
  let stale = 0;
  for (const [path, text] of Object.entries(await generate())) {
    const file = join(repositoryRoot, path);
    const present = await readFile(file, "utf8").catch(() => null);
    if (present === text) {
      process.stdout.write(`${path} is up to date\n`);
    } else if (check) {
      stale += 1;
      process.stderr.write(`error: ${path} does not fit ${source}; run: ${command}\n`);
    } else {
      await writeFile(file, text);
      process.stdout.write(`${path} written\n`);
    }
  }
  return stale === 0 ? 0 : 1;
}

/** Writes the files that differ, or with `--check` says which do; then the process ends, with 1 where one does. */
export function runGenerator(generator: Generator): void {
  runScript(() => run(generator, process.argv.slice(2)));
}
