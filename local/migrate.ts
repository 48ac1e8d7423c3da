import { repositoryRoot } from "./paths.ts";
import { messageOf, StackError } from "./stack-error.ts";
import { remoteDatabase, supabaseCli } from "./supabase-cli.ts";

/**
 * Applies the migrations that a database lacks, with the real Supabase CLI.
 *
 * @param databaseUrl connection string of role `postgres`
 * @param workdir folder that holds `supabase/`; another one than the repository's for tests
 * @throws StackError with the CLI's own message when a migration fails; that migration left nothing behind
 */
export async function migrate(databaseUrl: string, workdir: string = repositoryRoot): Promise<void> {
  const { argument, env } = remoteDatabase(databaseUrl);
  try {
    await supabaseCli(["migration", "up", "--yes", "--workdir", workdir, argument], { env });
  } catch (error) {
    const said = messageOf(error)
      .replaceAll(databaseUrl, "the database")
      .replace(/\s*\n\s*/g, " · ");
    throw new StackError(`a migration could not be applied, and was rolled back: ${said}`);
  }
}
