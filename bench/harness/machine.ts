import { execFileSync } from "node:child_process";
import { cpus, release, totalmem, type } from "node:os";
import pg from "pg";
import { denoProgram } from "../../local/edge-functions.ts";
import type { LabServer } from "./lab.ts";
import { packageVersion } from "./packages.ts";
import { sqlLoadProgram } from "./sql-load.ts";

/** What the figures were measured on. */
export interface Machine {
  cpu: string;
  cores: number;
  memory_gib: number;
  kernel: string;
}

export function machine(): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? "unknown",
    cores: processors.length,
    memory_gib: Math.round(totalmem() / 2 ** 30),
    kernel: `${type()} ${release()}`,
  };
}

/** What the figures were measured with, and the settings of the server that are not its defaults. */
export async function versions(server: LabServer): Promise<Record<string, string>> {
  const client = new pg.Client({ connectionString: server.adminUrl });
  await client.connect();
  try {
    const { rows } = await client.query("select current_setting('server_version') as version");
    return {
      PostgreSQL: String(rows[0].version).split(" ")[0] ?? "",
      Node: process.versions.node,
      Deno: execFileSync(denoProgram(), ["--version"], { encoding: "utf8" }).split(/\s+/)[1] ?? "",
      "supabase CLI": packageVersion("supabase") ?? "unknown",
      "@supabase/lite": packageVersion("@supabase/lite") ?? "unknown",
      "driver of the functions": server.driver.description,
      "SQL sent by": await sqlLoadProgram(),
    };
  } finally {
    await client.end();
  }
}
