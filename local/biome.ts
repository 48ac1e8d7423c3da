import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { repositoryRoot } from "./paths.ts";

const program = createRequire(import.meta.url).resolve("@biomejs/biome/bin/biome");

/** Formats a text the way `npm run format` would format the file at `path` (relative to the root). */
export function biomeFormat(path: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, "format", `--stdin-file-path=${path}`], { cwd: repositoryRoot });
    let formatted = "";
    let said = "";
    child.stdout.on("data", (chunk) => {
      formatted += chunk;
    });
    child.stderr.on("data", (chunk) => {
      said += chunk;
    });
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve(formatted) : reject(new Error(`biome: ${said.trim()}`))));
    child.stdin.end(text);
  });
}
