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
 * when ready; every line after that is a function's log.
 *
 * Ends on SIGTERM or SIGINT, and when its stdin closes, so that it does not outlive whoever started it: it takes no
 * new request, finishes those that it has begun, closes its database connections, and exits with 0. What has not
 * ended after LEO_SHUTDOWN_TIMEOUT_MS is cut, is answered 503 where that is possible, and makes it exit with 1. A
 * second signal ends it at once.
 */

import { closeDatabase, cutDatabase } from "../functions/_shared/database.ts";
import type { EdgeFunction } from "../functions/_shared/edge-function.ts";
import { edgeFunction } from "../functions/_shared/edge-function.ts";
import {
  bodyTimeoutMs,
  credentialSettings,
  databaseSettings,
  requestTimeoutMs,
} from "../functions/_shared/environment.ts";
import { integer } from "../functions/_shared/environment-values.ts";
import { beginToStop } from "../functions/_shared/stopping.ts";
import { CUT_MS, SHUTDOWN_TIMEOUT_MS } from "./shutdown.ts";

const PREFIX = "/functions/v1/";

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
  bodyTimeoutMs();
  requestTimeoutMs();
  const shutdownMs = integer("LEO_SHUTDOWN_TIMEOUT_MS", SHUTDOWN_TIMEOUT_MS, 1, 600_000);
  const functions = await loadFunctions();
  const unknown = edgeFunction({ name: "unknown", callers: "anyone", routes: {} });

  const requests = new Requests();
  const server = Deno.serve(
    {
      hostname: "127.0.0.1",
      port: listenPort(),
      onListen({ port }) {
        const driver = import.meta.resolve("@db/postgres");
        console.log(JSON.stringify({ ready: true, port, functions: [...functions.keys()].sort(), driver }));
      },
    },
    (request, { completed }) => {
      requests.begin(completed);
      const { pathname } = new URL(request.url);
      const name = pathname.startsWith(PREFIX) ? pathname.slice(PREFIX.length).split("/", 1)[0] : undefined;
      return (functions.get(name ?? "") ?? unknown).fetch(request);
    },
  );

  let ended: Promise<void> | undefined;
  const end = () => {
    ended ??= finish(server, requests, shutdownMs);
    return ended;
  };
  const onSignal = () => (ended ? Deno.exit(1) : void end());
  Deno.addSignalListener("SIGINT", onSignal);
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", onSignal);
  for await (const _ of Deno.stdin.readable);
  await end();
}

/** The requests that have been begun and not been answered. */
class Requests {
  readonly #begun = new Set<Promise<unknown>>();

  /** @param completed settles when the answer is sent, or cannot be */
  begin(completed: Promise<void>): void {
    const request = completed.catch(() => {}).finally(() => this.#begun.delete(request));
    this.#begun.add(request);
  }

  /** Resolves when there is none. */
  async done(): Promise<void> {
    while (this.#begun.size > 0) await Promise.all(this.#begun);
  }
}

/** Ends this process, after the requests that it has begun, or at the latest a little after the time given. */
async function finish(server: Deno.HttpServer, requests: Requests, shutdownMs: number): Promise<never> {
  beginToStop();
  const closed = server.shutdown();
  // A caller that holds on to its connection after an answer which came before the end of its body would be waited
  // for by Deno; the answer is what it was here for.
  const finished = Promise.race([closed, requests.done().then(() => within(CUT_MS, closed))]);
  if (await within(shutdownMs, finished)) {
    closeDatabase();
    Deno.exit(0);
  }
  console.error(`What had begun did not end within ${shutdownMs} ms (LEO_SHUTDOWN_TIMEOUT_MS), and was cut`);
  cutDatabase();
  await within(CUT_MS, finished);
  Deno.exit(1);
}

async function within(ms: number, promise: Promise<unknown>): Promise<boolean> {
  const late = new Promise<false>((resolve) => setTimeout(() => resolve(false), ms));
  return Promise.race([promise.then(() => true), late]);
}

main().catch((error) => {
  console.error(`The functions could not be started: ${error instanceof Error ? error.message : error}`);
  Deno.exit(1);
});
