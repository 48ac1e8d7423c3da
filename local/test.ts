import { spawn } from "node:child_process";
import { join } from "node:path";
import { runScript } from "./command-line.ts";
import { repositoryRoot } from "./paths.ts";
import { StackError } from "./stack-error.ts";

/** `npm test`, and `npm run test:remote`: vitest, with help of our own. */

const help = `Runs the tests, on real parts: a PostgreSQL server of their own, the Supabase
CLI, supabase-js over HTTP, Deno. Leaves nothing behind.

Usage: npm test [-- file … | options]

  file        only test files whose path contains this, e.g. tests/rls
  -t <text>   only tests whose title contains this
  --help      this text

Other options are vitest's: npx vitest --help. Environment variables:

  LEO_FUZZ_SEED        repeats the hostile requests of an earlier run
  LEO_FUZZ_RUNS        how many of them; 1 is twice as many as usual
  LEO_POSTGRES_DRIVER  jsr, or stand-in: the functions' database driver;
                       otherwise whether JSR can be reached decides
`;

const remoteHelp = `Runs those tests that need no more than HTTP and a database connection against
a project that is there already: supabase start, a hosted one, npm start.
IT DELETES ALL ROWS OF THAT PROJECT'S SCHEMA public, and users with invented
addresses; see docs/ci.md.

Usage: npm run test:remote [-- file … | options]

  file        only test files whose path contains this, e.g. tests/rls
  -t <text>   only tests whose title contains this
  --help      this text

Other options are vitest's: npx vitest --help. Environment variables, of which
none has a default:

  LEO_TEST_URL              base URL of the project's API; https, but for this
                            machine
  LEO_TEST_DB_URL           its database, as role postgres, not through a pooler
                            in transaction mode
  LEO_TEST_PUBLISHABLE_KEY  sb_publishable_…
  LEO_TEST_SECRET_KEY       sb_secret_…, the key named default
  LEO_TEST_DELETE_DATA      1: rows that are there already may go; without it a
                            database that holds any is left alone
`;

/** Runs vitest as a process of its own; returns its exit code. */
function runVitest(args: string[], command: string): Promise<number> {
  const vitest = join(repositoryRoot, "node_modules", "vitest", "vitest.mjs");
  // It answers an option that it does not know with a stack trace.
  const mayBeRefused = args.some((arg) => arg.startsWith("--"));
  const child = spawn(process.execPath, [vitest, "run", ...args], {
    cwd: repositoryRoot,
    stdio: ["inherit", "inherit", mayBeRefused ? "pipe" : "inherit"],
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    const [, refusal] = /^CACError: (.+)$/m.exec(text) ?? [];
    process.stderr.write(refusal ? `error: ${refusal}; see ${command} -- --help\n` : text);
  });
  // Ctrl-C reaches the whole group by itself; twice would make vitest leave without stopping what it has started.
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once("error", (error) => reject(new StackError(`vitest could not be started: ${error.message}`)));
    child.once("close", (code) => resolve(code ?? 1));
  });
}

async function main(args: string[]): Promise<number> {
  const isRemote = args[0] === "--remote";
  const given = isRemote ? args.slice(1) : args;
  if (given.includes("--help") || given.includes("-h")) {
    process.stdout.write(isRemote ? remoteHelp : help);
    return 0;
  }
  if (!isRemote) return runVitest(given, "npm test");
  return runVitest(["--config", "vitest.remote.config.ts", ...given], "npm run test:remote");
}

runScript(() => main(process.argv.slice(2)));
