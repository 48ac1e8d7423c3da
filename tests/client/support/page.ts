/**
 * Run by Node.js with --experimental-vm-modules: runs a module as a page of a browser does that came by plain http.
 * Nothing of Node.js is there, and of `crypto` what such a page has. It shows nothing of CORS.
 *
 * Arguments: the module, the folder of the installed package, the script of supabase-js. The environment's SETTINGS, as
 * JSON, are the page's global `settings`.
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import vm from "node:vm";

const [module = "", packageFolder = "", script = ""] = process.argv.slice(2);

const page = vm.createContext({
  ...{ AbortController, AbortSignal, Blob, DOMException, Event, EventTarget, FormData, Headers, Request, Response },
  ...{ TextDecoder, TextEncoder, URL, URLSearchParams, WebSocket, atob, btoa, console, fetch, performance },
  ...{ clearInterval, clearTimeout, queueMicrotask, setInterval, setTimeout, structuredClone },
  crypto: { getRandomValues: (array: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(array) },
  settings: JSON.parse(process.env.SETTINGS ?? "{}"),
});
vm.runInContext("globalThis.window = globalThis.self = globalThis", page);
vm.runInContext(await readFile(script, "utf8"), page);

const loaded = new Map<string, Promise<vm.SourceTextModule>>();

function load(url: string): Promise<vm.SourceTextModule> {
  const known = loaded.get(url);
  if (known) return known;
  const loading = readFile(new URL(url), "utf8").then(
    (source) => new vm.SourceTextModule(source, { context: page, identifier: url }),
  );
  loaded.set(url, loading);
  return loading;
}

/** What a page says by its import map. */
const entry = pathToFileURL(join(packageFolder, "dist", "client", "index.js")).href;

const program = await load(pathToFileURL(module).href);
await program.link((specifier, { identifier }) => {
  if (specifier === "leo-control-plane") return load(entry);
  if (specifier.startsWith(".")) return load(new URL(specifier, identifier).href);
  throw new Error(`a browser does not find ${specifier}`);
});
await program.evaluate();
