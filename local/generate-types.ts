import { biomeFormat } from "./biome.ts";
import { schemaPage } from "./diagrams/schema.ts";
import { stateMachinesPage } from "./diagrams/state-machines.ts";
import { runGenerator } from "./generator.ts";
import { type ScratchDatabase, withScratchDatabase } from "./scratch-database.ts";
import { generateStateMachines } from "./state-machines.ts";
import { remoteDatabase, supabaseCli } from "./supabase-cli.ts";

const usage = `Generates types/ and the diagrams of docs/ from the migrations: a new database
is migrated and described. The diagrams name the operations of types/contracts.

Usage: npm run types [-- --check]

  --check   change nothing; exit code 1 when a generated file is out of date
  --help    this text
`;

const notice = "Generated from supabase/migrations by `npm run types`. Do not edit: the next run replaces it.";

/** Each generated file by its path from the root, and what makes its text. */
const generators: Record<string, (database: ScratchDatabase) => Promise<string>> = {
  "types/database.ts": generateDatabaseTypes,
  "types/state-machines.ts": generateStateMachines,
  "docs/state-machines.md": stateMachinesPage,
  "docs/schema.md": schemaPage,
};

/** Supabase's own types of schema `public`, as `supabase gen types` prints them, without formatting. */
export async function generateDatabaseTypes({ url }: ScratchDatabase): Promise<string> {
  const { argument, env } = remoteDatabase(url);
  const { stdout } = await supabaseCli(["gen", "types", "--lang", "typescript", "--schema", "public", argument], {
    env,
  });
  return stdout;
}

function finished(path: string, text: string): Promise<string> | string {
  return path.endsWith(".md")
    ? `<!-- ${notice.replace("supabase/migrations", "migrations and contracts")} -->\n\n${text}`
    : biomeFormat(path, `// ${notice}\n\n${text}`);
}

function generate(): Promise<Record<string, string>> {
  return withScratchDatabase(async (database) => {
    const texts: Record<string, string> = {};
    for (const [path, make] of Object.entries(generators)) texts[path] = await finished(path, await make(database));
    return texts;
  });
}

if (process.argv[1]?.endsWith("generate-types.ts")) {
  runGenerator({ usage, command: "npm run types", source: "the migrations and contracts", generate });
}
