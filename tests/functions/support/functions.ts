import { inject } from "vitest";
import { type EdgeFunctions, startEdgeFunctions } from "../../../local/edge-functions.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { leakWatch } from "../../support/leak-watch.ts";
import { type DatabaseProxy, startProxy } from "./proxy.ts";

/** Edge functions without the rest of a stack, whose way to their database can be disturbed. */
export interface FunctionsUnderTest {
  /** Of the functions, such as http://127.0.0.1:1234/functions/v1. */
  url: string;
  database: TestDatabase;
  proxy: DatabaseProxy;
  functions: EdgeFunctions;
  /** The one named `default`. */
  secretKey: string;
  /** The one named `agent`. */
  agentKey: string;
  log: string[];
  /** A call with the secret key named `default`, unless headers say otherwise. */
  call(path: string, init?: { method?: string; headers?: Record<string, string>; body?: unknown }): Promise<Response>;
  stop(): Promise<void>;
}

/** @param env settings of the functions; @param supabaseUrl where they look for Auth: nowhere by default */
export async function startFunctions(
  options: { env?: Record<string, string>; supabaseUrl?: string } = {},
): Promise<FunctionsUnderTest> {
  const secrets = inject("secrets");
  const database = await createTestDatabase();
  const direct = new URL(database.url);
  const proxy = await startProxy(Number(direct.port));
  const throughProxy = new URL(database.url);
  throughProxy.port = String(proxy.port);
  const log: string[] = [];
  const functions = await startEdgeFunctions({
    // Port 1 is never served: a call to Auth fails at once.
    supabaseUrl: options.supabaseUrl ?? "http://127.0.0.1:1",
    databaseUrl: throughProxy.href,
    secrets,
    driver: inject("driver"),
    env: options.env,
    onLog: (line) => {
      log.push(line);
      leakWatch().line(line);
    },
  });
  const url = `http://127.0.0.1:${functions.port}/functions/v1`;
  const secretKey = secrets.secretKeys.default as string;
  return {
    url,
    secretKey,
    agentKey: secrets.secretKeys.agent as string,
    database,
    proxy,
    functions,
    log,
    call(path, { method = "POST", headers = { apikey: secretKey }, body } = {}) {
      return fetch(`${url}/${path}`, {
        method,
        headers: body === undefined ? headers : { "content-type": "application/json", ...headers },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
    },
    async stop() {
      await functions.stop();
      await proxy.close();
      await database.drop();
    },
  };
}
