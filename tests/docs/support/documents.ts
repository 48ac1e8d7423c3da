import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { repositoryRoot } from "../../../local/paths.ts";

/** Files of the repository that match, by their paths there; ignored ones are none. */
export async function repositoryFiles(...patterns: string[]): Promise<string[]> {
  const list = ["ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate", "--", ...patterns];
  const { stdout } = await promisify(execFile)("git", list, { cwd: repositoryRoot });
  return stdout.trim().split("\n");
}

/** Every Markdown document, wherever it is. */
export const documents = () => repositoryFiles("*.md");
