import { execFile } from "node:child_process";
import { mkdtemp, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { repositoryRoot } from "../../../local/paths.ts";
import { freePortPair, type StartCommand, startCommand, temporaryState } from "../../support/start-command.ts";

const run = promisify(execFile);

/** A newcomer's two terminals: one in which `npm start` stays, and one for everything else. */
export interface Walk {
  /** The checkout as the second terminal sees it. */
  folder: string;
  started: StartCommand;
  /**
   * Runs lines of a shell, each time a new one that knows what the one before it has set.
   *
   * @returns what it printed; rejects where a line fails
   */
  shell(lines: string): Promise<string>;
  end(): Promise<void>;
}

/** Starts the stack on free ports, with a state of its own. */
export async function beginWalk(): Promise<Walk> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "leo-walk-")));
  // Everything is as in a checkout, and what is written there stays out of this one.
  // The state is beside it: in a folder that the server's user cannot enter the database would be elsewhere, and stay.
  const { directory: state, remove: removeState } = await temporaryState();
  await symlink(state, join(folder, ".local"));
  for (const entry of ["node_modules", "package.json", "local", "supabase", "types", "functions"]) {
    await symlink(join(repositoryRoot, entry), join(folder, entry));
  }
  const started = startCommand(state, ["--port", String(await freePortPair())]);
  const { DATABASE_URL: _ours, ...environment } = process.env;
  const env = { ...environment, LEO_STATE_DIRECTORY: state, NO_COLOR: "1" };
  const variables = join(folder, ".variables");
  return {
    folder,
    started,
    async shell(lines) {
      const script = `[ ! -f ${variables} ] || . ${variables}\nset -aeo pipefail\n${lines}\ndeclare -px > ${variables}`;
      const { stdout } = await run("bash", ["-c", script], { cwd: folder, env, maxBuffer: 16 * 1024 * 1024 });
      return stdout;
    },
    async end() {
      started.child.kill("SIGINT");
      await started.exit;
      await rm(folder, { recursive: true, force: true });
      await removeState();
    },
  };
}
