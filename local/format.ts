import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { repositoryRoot } from "./paths.ts";

/**
 * `npm run format`: rewrites TypeScript and JSON the way `npm run check` wants them. SQL is linted but not
 * rewritten: the formatter of postgres-language-server 0.25 deletes the comments between statements.
 */

const usage = `Rewrites TypeScript and JSON in place, as npm run check wants them (Biome).

Usage: npm run format

SQL is linted by npm run check, and formatted by hand.
`;

if (process.argv.length > 2) {
  process.stdout.write(usage);
  process.exit(process.argv[2] === "--help" ? 0 : 1);
}

const biome = join(repositoryRoot, "node_modules", ".bin", "biome");
const { status } = spawnSync(biome, ["check", "--write"], { cwd: repositoryRoot, stdio: "inherit" });
process.exit(status ?? 1);
