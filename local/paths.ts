import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Absolute path of the repository's root, without a trailing separator. */
export const repositoryRoot = fileURLToPath(new URL("..", import.meta.url)).replace(/[\\/]$/, "");

/**
 * Folder of everything the local stack keeps between runs: secrets, database, lock. Git-ignored.
 * The environment variable LEO_STATE_DIRECTORY puts it elsewhere.
 */
export const stateDirectory = resolve(process.env.LEO_STATE_DIRECTORY ?? `${repositoryRoot}/.local`);
