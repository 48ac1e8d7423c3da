import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { biomeFormat } from "./biome.ts";
import { repositoryRoot } from "./paths.ts";
import { type ScratchDatabase, withScratchDatabase } from "./scratch-database.ts";
import { messageOf } from "./stack-error.ts";
import { generateStateMachines } from "./state-machines.ts";
import { remoteDatabase, supabaseCli } from "./supabase-cli.ts";

const usage = `Generates types/ from the migrations: a new database is migrated and described.

Usage: npm run types [-- --check]

  --check   change nothing; exit code 1 when a generated file is out of date
`;

const header = "// Generated from supabase/migrations by `npm run types`. Do not edit: the next run replaces it.\n\n";

/** Each generated file by its path from the root, and what makes its text. */
const generators: Record<string, (database: ScratchDatabase) => Promise<string>> = {
  "types/database.ts": generateDatabaseTypes,
  "types/state-machines.ts": generateStateMachines,
};

/** Supabase's own types of schema `public`, as `supabase gen types` prints them, without formatting. */
export async function generateDatabaseTypes({ url }: ScratchDatabase): Promise<string> {
  const { argument, env } = remoteDatabase(url);
  const { stdout } = await supabaseCli(["gen", "types", "--lang", "typescript", "--schema", "public", argument], {
    env,
  });
  return stdout;
}

async function main(args: string[]): Promise<number> {
  if (args.includes("--help")) {
    process.stdout.write(usage);
    return 0;
  }
  const check = args.includes("--check");
  const unknown = args.find((arg) => arg !== "--check");
  if (unknown !== undefined) {
    process.stderr.write(`error: unknown option ${unknown}\n\n${usage}`);
    return 1;
  }
  return withScratchDatabase(async (database) => {
    let stale = 0;
    for (const [path, generate] of Object.entries(generators)) {
      const file = join(repositoryRoot, path);
      const text = await biomeFormat(path, header + (await generate(database)));
      const present = await readFile(file, "utf8").catch(() => null);
      if (present === text) {
        process.stdout.write(`${path} is up to date\n`);
      } else if (check) {
        stale += 1;
        process.stderr.write(`error: ${path} does not fit the migrations; run: npm run types\n`);
      } else {
        await writeFile(file, text);
        process.stdout.write(`${path} written\n`);
      }
    }
    return stale === 0 ? 0 : 1;
  });
}

if (process.argv[1]?.endsWith("generate-types.ts")) {
  main(process.argv.slice(2)).then(
    (code) => process.exit(code),
    (error: unknown) => {
      process.stderr.write(`error: ${messageOf(error)}\n`);
      process.exit(1);
    },
  );
}
