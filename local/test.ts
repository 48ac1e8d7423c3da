import { spawn } from "node:child_process";
import { join } from "node:path";
import { repositoryRoot } from "./paths.ts";

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
  LEO_POSTGRES_DRIVER  jsr, or stand-in: the functions' database driver; otherwise
                       whether JSR can be reached decides
`;

const remoteHelp = `Runs those tests that need no more than HTTP and a database connection against
a project that is there already: supabase start, a hosted one, npm start.
IT DELETES ALL ROWS OF THAT PROJECT'S SCHEMA public; see docs/ci.md.

Usage: npm run test:remote [-- file … | options]

  file        only test files whose path contains this, e.g. tests/rls
  -t <text>   only tests whose title contains this
  --help      this text

Other options are vitest's: npx vitest --help. Environment variables, of which
none has a default:

  LEO_TEST_URL              base URL of the project's API
  LEO_TEST_DB_URL           its database, as role postgres, not through a pooler
                            in transaction mode
  LEO_TEST_PUBLISHABLE_KEY  sb_publishable_…
  LEO_TEST_SECRET_KEY       sb_secret_…, the key named default
  LEO_TEST_DELETE_DATA      1: rows that are there already may go; without it a
                            database that holds any is left alone
`;

const args = process.argv.slice(2);
const isRemote = args[0] === "--remote";
if (isRemote) args.shift();

if (args.includes("--help") || args.includes("-h")) {
  process.stdout.write(isRemote ? remoteHelp : help);
} else {
  const vitest = join(repositoryRoot, "node_modules", "vitest", "vitest.mjs");
  const config = isRemote ? ["--config", "vitest.remote.config.ts"] : [];
  const child = spawn(process.execPath, [vitest, "run", ...config, ...args], { cwd: repositoryRoot, stdio: "inherit" });
  // Ctrl-C reaches the whole group by itself; twice would make vitest leave without stopping what it has started.
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  child.once("error", (error) => {
    process.stderr.write(`error: vitest could not be started: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.once("close", (code) => {
    process.exitCode = code ?? 1;
  });
}
