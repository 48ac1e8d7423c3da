import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repositoryRoot } from "../../../local/paths.ts";

/** A migration as it is in supabase/migrations. */
export interface MigrationFile {
  /** 14 digits. */
  version: string;
  file: string;
  text: string;
}

/** The last version of the baseline, which is the documents to the letter. */
export const lastOfBaseline = "20260301000700";

/** Every migration, in the order in which they are applied. */
export async function migrationFiles(): Promise<MigrationFile[]> {
  const folder = join(repositoryRoot, "supabase", "migrations");
  const files = (await readdir(folder)).sort();
  return Promise.all(
    files.map(async (file) => ({
      version: file.slice(0, 14),
      file,
      text: await readFile(join(folder, file), "utf8"),
    })),
  );
}

/** A project folder for the CLI whose migrations are put in one by one. */
export interface Project {
  workdir: string;
  /** Adds a migration, or writes another text over it. */
  put(file: string, text: string): Promise<void>;
  remove(): Promise<void>;
}

/** A copy of this project without migrations. */
export async function emptyProject(): Promise<Project> {
  const workdir = await mkdtemp(join(tmpdir(), "leo-migrations-"));
  const migrations = join(workdir, "supabase", "migrations");
  await mkdir(migrations, { recursive: true });
  await cp(join(repositoryRoot, "supabase", "config.toml"), join(workdir, "supabase", "config.toml"));
  return {
    workdir,
    put: (file, text) => writeFile(join(migrations, file), text),
    remove: () => rm(workdir, { recursive: true, force: true }),
  };
}
