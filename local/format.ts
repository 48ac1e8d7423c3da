import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { repositoryRoot } from "./paths.ts";

/** `npm run format`: rewrites TypeScript, JSON and SQL the way `npm run check` wants them. */
const programs: [name: string, ...args: string[]][] = [
  ["biome", "check", "--write"],
  ["postgres-language-server", "format", "--write", "supabase", "local"],
];

let worst = 0;
for (const [name, ...args] of programs) {
  const program = join(repositoryRoot, "node_modules", ".bin", name);
  const { status } = spawnSync(program, args, { cwd: repositoryRoot, stdio: "inherit" });
  worst = Math.max(worst, status ?? 1);
}
process.exit(worst);
