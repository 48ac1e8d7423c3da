import { type ServicesOptions, startServices } from "../../local/services.ts";

/** What the process is told, once. */
export type ServicesOrder = Pick<ServicesOptions, "databaseUrl" | "secrets" | "driver" | "functionsEnv">;

/** What it answers: where they are, or why they are not. */
export type ServicesReport = { url: string; functionsUrl: string } | { error: string };

/**
 * The services in a process of their own, forked by the lab: who measures must not share an event loop with the
 * gateway. Ends when its parent ends or hangs up.
 */
process.once("message", async (order: ServicesOrder) => {
  const report = (message: ServicesReport) => process.send?.(message);
  try {
    const services = await startServices({ ...order, port: 0 });
    process.once("disconnect", () => void services.stop().finally(() => process.exit(0)));
    report({ url: services.url, functionsUrl: `http://127.0.0.1:${services.functions.port}` });
  } catch (error) {
    report({ error: error instanceof Error ? error.message : String(error) });
    process.exit(1);
  }
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.disconnect?.());
