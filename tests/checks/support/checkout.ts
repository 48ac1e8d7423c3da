import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { repositoryRoot } from "../../../local/paths.ts";
import { repositoryFiles } from "../../docs/support/documents.ts";

const runFile = promisify(execFile);

/** A copy of the repository, to change as a contributor would. */
export interface Checkout {
  /** Text of a file; paths are those of the repository. */
  read(path: string): Promise<string>;
  write(path: string, text: string): Promise<void>;
  /** Runs lines of a shell at its root. Returns what they printed; rejects with that where one of them fails. */
  shell(lines: string): Promise<string>;
  remove(): Promise<void>;
}

/** What is checked in or would be, with the packages that are installed here. */
export async function copyRepository(): Promise<Checkout> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "leo-checkout-")));
  for (const path of await repositoryFiles()) {
    await mkdir(join(folder, dirname(path)), { recursive: true });
    await copyFile(join(repositoryRoot, path), join(folder, path));
  }
  await symlink(join(repositoryRoot, "node_modules"), join(folder, "node_modules"));

  // A shell of its own, which knows nothing of the run of tests that it is part of.
  const inherited = Object.entries(process.env).filter(([name]) => !/^(VITEST|TEST|NODE_ENV|LEO_|CI$)/.test(name));
  const env = { ...Object.fromEntries(inherited), NO_COLOR: "1" };
  return {
    read: (path) => readFile(join(folder, path), "utf8"),
    async write(path, text) {
      await mkdir(join(folder, dirname(path)), { recursive: true });
      await writeFile(join(folder, path), text);
    },
    async shell(lines) {
      // The CLI reads the text of a migration from whatever it is given, and waits where that has no end.
      const script = `exec < /dev/null\n${lines}`;
      const options = { cwd: folder, env, maxBuffer: 16 * 1024 * 1024, timeout: 200_000 };
      const { stdout } = await runFile("bash", ["-euo", "pipefail", "-c", script], options).catch((error) => {
        throw new Error(`${lines}\n\nended with ${error.code}:\n${error.stdout}${error.stderr}`);
      });
      return stdout;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
