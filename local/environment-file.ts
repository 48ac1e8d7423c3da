import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stateDirectory } from "./paths.ts";
import type { Stack } from "./stack.ts";

/**
 * The variables that the commands of README and docs use, for a shell (`. .local/env`) and for programs
 * (`node --env-file=.local/env`). The database is not DATABASE_URL: with that in its environment `npm start` itself
 * would take it for a server of the user's own.
 */
export const environmentFile = join(stateDirectory, "env");

/** `export NAME='value'` in a line each, which shells and Node.js read alike. */
export function environmentText(variables: Record<string, string>): string {
  // Keys and passwords hold no quote; a connection string means the same with it encoded.
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", "%27")}'\n`)
    .join("");
}

/**
 * Makes the file anew, readable for its owner only.
 *
 * @returns removes it, unless it is another stack's by then
 */
export async function writeEnvironmentFile({ services, secrets, databaseUrl }: Stack): Promise<() => Promise<void>> {
  const text = environmentText({
    SUPABASE_URL: services.url,
    PUBLISHABLE_KEY: secrets.publishableKey,
    SECRET_KEY: secrets.secretKeys.default as string,
    AGENT_KEY: secrets.secretKeys.agent as string,
    DEMO_PASSWORD: secrets.demoPassword,
    DB_URL: databaseUrl,
  });
  // The mode counts for a new file only.
  await rm(environmentFile, { force: true });
  await writeFile(environmentFile, text, { mode: 0o600, flag: "wx" });
  return async () => {
    const present = await readFile(environmentFile, "utf8").catch(() => null);
    if (present === text) await rm(environmentFile, { force: true });
  };
}
