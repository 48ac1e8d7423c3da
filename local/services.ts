import { createDataApi } from "./data-api.ts";
import { type Driver, type EdgeFunctions, startEdgeFunctions } from "./edge-functions.ts";
import { startGateway } from "./gateway.ts";
import type { LocalSecrets } from "./secrets.ts";

export interface ServicesOptions {
  /** Connection string of role `postgres` to a migrated database. */
  databaseUrl: string;
  secrets: LocalSecrets;
  driver: Driver;
  /** Port of the gateway; 0 takes any free one. */
  port: number;
  functionsEnv?: Record<string, string>;
  onFunctionsLog?: (line: string) => void;
  /** Runs each part of the start; the local stack times and prints them. */
  step?: <T>(title: string, work: () => Promise<T>) => Promise<T>;
}

/** What serves a migrated database: Data API and Auth, edge functions, and the gateway before them. */
export interface Services {
  url: string;
  functions: EdgeFunctions;
  stop(): Promise<void>;
}

/** Starts the services; when one fails, those before it are stopped again. */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const step = options.step ?? ((_title, work) => work());
  const undo: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const action of undo.splice(0).reverse()) await action();
  };
  try {
    const gateway = await step("Data API and Auth", async () => {
      const dataApi = await createDataApi(options.databaseUrl, options.secrets);
      undo.push(() => dataApi.close());
      const gateway = await startGateway({ port: options.port, dataApi: dataApi.fetch });
      undo.push(() => gateway.close());
      return gateway;
    });
    const functions = await step("Edge functions", () =>
      startEdgeFunctions({
        supabaseUrl: gateway.url,
        databaseUrl: options.databaseUrl,
        secrets: options.secrets,
        driver: options.driver,
        env: options.functionsEnv,
        onLog: options.onFunctionsLog,
      }),
    );
    undo.push(() => functions.stop());
    gateway.functionsPort = functions.port;
    return { url: gateway.url, functions, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
