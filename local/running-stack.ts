import { existsSync } from "node:fs";
import { join } from "node:path";
import { withCredentials } from "./bootstrap.ts";
import { runningStackUrl } from "./lock.ts";
import { stateDirectory } from "./paths.ts";
import { loadSecrets } from "./secrets.ts";

/**
 * The embedded database of the stack that `npm start` has running on this machine.
 *
 * @returns connection string of role `postgres`, or null when no stack is running (one with a database of its own,
 *   `--db-url`, is not known here)
 */
export async function runningStackDatabase(directory: string = stateDirectory): Promise<string | null> {
  const apiUrl = await runningStackUrl(join(directory, "stack.json"));
  const secretsFile = join(directory, "secrets.json");
  // A stack that is only just starting may not have made its secrets, and it is not for others to make them.
  if (apiUrl === null || !existsSync(secretsFile)) return null;
  const { databasePassword } = await loadSecrets(secretsFile);
  const port = Number(new URL(apiUrl).port) + 1;
  return withCredentials(`postgresql://127.0.0.1:${port}/postgres`, "postgres", databasePassword);
}
