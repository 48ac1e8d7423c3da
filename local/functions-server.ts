/**
 * Serves every edge function in one Deno process, as Supabase does at /functions/v1/<name>.
 *
 *   deno run --unstable-no-legacy-abort --allow-env --allow-net --allow-read=. --allow-sys [--import-map=…] \
 *     local/functions-server.ts [port]
 *
 * Permissions: env for the functions' settings, net for the database and the Auth server, read to find the
 * functions, sys because the driver over npm's `pg` asks for the user's name.
 *
 * Listens on 127.0.0.1 at the port given (or LEO_FUNCTIONS_PORT), any free one without. Prints one line of JSON
 * when ready; every line after that is a function's log. Ends on SIGTERM or SIGINT, after the requests it has
 * begun, and when its stdin closes, so that it does not outlive whoever started it.
 */

import { closeDatabase } from "../functions/_shared/database.ts";
import type { EdgeFunction } from "../functions/_shared/edge-function.ts";
import { edgeFunction } from "../functions/_shared/edge-function.ts";
import { credentialSettings, databaseSettings } from "../functions/_shared/environment.ts";

const PREFIX = "/functions/v1/";
/** Longer than any request may take but an analysis; a run that is cut off is timed out by the sweep. */
const SHUTDOWN_MS = 15_000;

const functionsFolder = new URL("../functions/", import.meta.url);

async function loadFunctions(): Promise<Map<string, EdgeFunction>> {
  const functions = new Map<string, EdgeFunction>();
  for await (const { name, isDirectory } of Deno.readDir(functionsFolder)) {
    if (!isDirectory || name.startsWith("_") || name.startsWith(".")) continue;
    const module = await import(new URL(`${name}/index.ts`, functionsFolder).href);
    functions.set(name, module.default);
  }
  return functions;
}

function listenPort(): number {
  const port = Number(Deno.args[0] ?? Deno.env.get("LEO_FUNCTIONS_PORT") ?? 0);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error("the port has to be from 0 to 65535");
  return port;
}

async function main(): Promise<void> {
  // What is missing is better said now than on the first request.
  databaseSettings();
  credentialSettings();
  const functions = await loadFunctions();
  const unknown = edgeFunction({ name: "unknown", callers: "anyone", routes: {} });

  const server = Deno.serve(
    {
      hostname: "127.0.0.1",
      port: listenPort(),
      onListen({ port }) {
        const driver = import.meta.resolve("@db/postgres");
        console.log(JSON.stringify({ ready: true, port, functions: [...functions.keys()].sort(), driver }));
      },
    },
    (request) => {
      const { pathname } = new URL(request.url);
      const name = pathname.startsWith(PREFIX) ? pathname.slice(PREFIX.length).split("/", 1)[0] : undefined;
      return (functions.get(name ?? "") ?? unknown).fetch(request);
    },
  );

  let ending = false;
  const end = async () => {
    if (ending) return;
    ending = true;
    setTimeout(() => Deno.exit(1), SHUTDOWN_MS);
    await server.shutdown();
    closeDatabase();
    Deno.exit(0);
  };
  Deno.addSignalListener("SIGINT", end);
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", end);
  for await (const _ of Deno.stdin.readable);
  await end();
}

main().catch((error) => {
  console.error(`The functions could not be started: ${error instanceof Error ? error.message : error}`);
  Deno.exit(1);
});
