import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { SqlLoad } from "./sql-load.ts";
import { type LoadFigures, loadFigures } from "./stats.ts";

const run = promisify(execFile);
let version: Promise<string | undefined> | undefined;

/** `pgbench 15.18`, or undefined where it is not installed. */
export function pgbenchVersion(): Promise<string | undefined> {
  version ??= run("pgbench", ["--version"]).then(
    ({ stdout }) => `pgbench ${/\d+(\.\d+)?/.exec(stdout)?.[0]}`,
    () => undefined,
  );
  return version;
}

/** One statement per run of the script, so that pgbench's log has the time of each. */
function script({ first, statements }: SqlLoad): string {
  const lines: string[] = [];
  if (first) lines.push("\\if :unstarted", `${first} \\gset`, "\\set unstarted 0", "\\endif");
  if (statements.length === 1) return [...lines, `${statements[0]};`].join("\n");
  for (const [turn, statement] of statements.entries()) {
    lines.push(`${turn === 0 ? "\\if" : "\\elif"} :turn = ${turn}`, `${statement};`);
  }
  return [...lines, "\\endif", `\\set turn (:turn + 1) % ${statements.length}`].join("\n");
}

/** Milliseconds of each transaction, from the logs (one per thread). */
async function latencies(folder: string): Promise<Float64Array> {
  const logs = (await readdir(folder)).filter((name) => name.startsWith("log."));
  const texts = await Promise.all(logs.map((name) => readFile(join(folder, name), "utf8")));
  // client, number of the transaction, microseconds, …
  return Float64Array.from(
    texts.flatMap((text) => text.trimEnd().split("\n")),
    (line) => Number(line.split(" ")[2]) / 1000,
  );
}

/** @throws Error with what pgbench said, and without the command line, which holds a password */
function pgbench(args: string[]): Promise<{ stdout: string; stderr: string }> {
  return run("pgbench", args).catch(({ stderr }: { stderr?: string }) => {
    throw new Error(stderr?.trim() || "pgbench failed");
  });
}

/** @throws Error with what pgbench said, when a statement failed */
export async function pgbenchLoad(load: SqlLoad, threads: number): Promise<LoadFigures> {
  const folder = await mkdtemp(join(tmpdir(), "leo-pgbench-"));
  try {
    await writeFile(join(folder, "script.sql"), `${script(load)}\n`);
    const variables = Object.entries({ unstarted: "1", turn: "0", ...load.variables });
    const args = ["-n", "-M", "prepared", "-c", `${load.clients}`, "-j", `${threads}`, "-T", `${load.seconds}`];
    const { stdout, stderr } = await pgbench([
      ...args,
      ...["-f", join(folder, "script.sql"), "-l", `--log-prefix=${join(folder, "log")}`],
      ...variables.flatMap(([name, value]) => ["-D", `${name}=${value}`]),
      load.url,
    ]);
    // A client that is refused something is given up, and the others go on.
    if (/\baborted\b/.test(stderr) || !/number of failed transactions: 0 /.test(stdout)) {
      throw new Error(`pgbench: ${stderr.trim() || stdout.trim()}`);
    }
    const rate = Number(/tps = ([\d.]+)/.exec(stdout)?.[1]);
    const times = await latencies(folder);
    return { ...loadFigures(times, load.seconds), rate };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
