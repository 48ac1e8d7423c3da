import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { StackError } from "../stack-error.ts";

const run = promisify(execFile);

/** The operating system user the server runs as. */
export interface ServerUser {
  /** True when that is the user who runs this program, so nothing has to be handed over. */
  isSelf: boolean;
  uid?: number;
  gid?: number;
}

async function lookUp(name: string): Promise<ServerUser> {
  const [uid, gid] = await Promise.all([run("id", ["-u", name]), run("id", ["-g", name])]);
  return { isSelf: false, uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

/**
 * PostgreSQL refuses to run as root (containers, CI), so there it runs as the user `postgres`, which is made
 * when missing.
 *
 * @throws StackError when such a user can neither be found nor made
 */
export async function serverUser(): Promise<ServerUser> {
  if (process.getuid?.() !== 0) return { isSelf: true };
  try {
    return await lookUp("postgres");
  } catch {
    try {
      await run("useradd", ["--system", "--no-create-home", "--user-group", "postgres"]);
      return await lookUp("postgres");
    } catch {
      throw new StackError(
        "PostgreSQL does not run as root, and no user `postgres` could be made: run `useradd postgres`, " +
          "or start as an ordinary user",
      );
    }
  }
}
