import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repositoryRoot } from "../../local/paths.ts";
import { freePort, requireFreePort } from "../../local/ports.ts";

/** `npm start` as a process of its own, with what it has printed so far. */
export interface StartCommand {
  child: ChildProcess;
  output(): string;
  /** Resolves when the stack says that it is ready; fails with the output when it ends before that. */
  ready: Promise<void>;
  /** The exit code, once it has ended. */
  exit: Promise<number | null>;
}

/** A folder for the state of stacks under test; `remove` deletes it. */
export async function temporaryState(): Promise<{ directory: string; remove(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), "leo-state-"));
  return { directory, remove: () => rm(directory, { recursive: true, force: true }) };
}

/** Two neighbouring free ports: the API's and PostgreSQL's. */
export async function freePortPair(): Promise<number> {
  for (;;) {
    const first = await freePort();
    try {
      await requireFreePort(first + 1, "", "");
      return first;
    } catch {
      // The neighbour is taken; try elsewhere.
    }
  }
}

/** Runs what `npm start` runs, in `root` (this repository unless told otherwise), with more in its environment. */
export function startCommand(
  stateDirectory: string,
  args: string[],
  root: string = repositoryRoot,
  env: Record<string, string> = {},
): StartCommand {
  const { DATABASE_URL: _ours, ...environment } = process.env;
  const child = spawn(process.execPath, ["--import", "tsx", "local/start.ts", ...args], {
    cwd: root,
    env: { ...environment, NO_COLOR: "1", LEO_STATE_DIRECTORY: stateDirectory, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  let announce: () => void;
  const saidReady = new Promise<void>((resolve) => {
    announce = resolve;
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk) => {
      text += chunk;
      if (/^Ready in .*[\s\S]*Ctrl-C stops/m.test(text)) announce();
    });
  }
  const exit = new Promise<number | null>((resolve) => child.once("close", resolve));
  const ready = Promise.race([
    saidReady,
    exit.then((code) => {
      throw new Error(`npm start ended with ${code} before it was ready:\n${text}`);
    }),
  ]);
  ready.catch(() => {});
  return { child, output: () => text, ready, exit };
}
