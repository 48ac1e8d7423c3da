import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Received } from "../../support/documented.ts";

/** Runs a curl command as a reader of the page would, and reads what it prints. */
export async function runCurl(command: string, variables: Record<string, string>): Promise<Received> {
  const env = { PATH: process.env.PATH, NO_PROXY: "*", ...variables };
  const { stdout } = await promisify(execFile)("sh", ["-c", `${command} --include`], { env });
  const [head = "", ...rest] = stdout.split("\r\n\r\n");
  const [, status] = /^HTTP\/\S+ (\d+)/.exec(head) ?? [];
  const headers = new Headers([...head.matchAll(/^(\S+): (.*)$/gm)].map(([, name = "", value = ""]) => [name, value]));
  return { status: Number(status), headers, text: rest.join("\r\n\r\n") };
}
