import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { repositoryRoot } from "./paths.ts";
import { remoteDatabase, supabaseCli } from "./supabase-cli.ts";

/** What an advisor says about a database. */
export interface Finding {
  /** `INFO`, `WARN` or `ERROR`. */
  level: string;
  /** Name of the rule, e.g. `unindexed_foreign_keys`. */
  rule: string;
  detail: string;
}

/** A finding that stays: of this rule, with this in its detail. */
export interface AdvisorException {
  rule: string;
  about: string;
  reason: string;
}

/** Supabase's own security and performance advisors, as the CLI runs them. */
async function supabaseAdvisors(databaseUrl: string): Promise<Finding[]> {
  const { argument, env } = remoteDatabase(databaseUrl);
  const args = ["db", "advisors", "--type", "all", "--level", "info", "--output-format", "json", argument];
  const { stdout } = await supabaseCli(args, { env });
  const { results } = JSON.parse(stdout) as { results: { level: string; name: string; detail: string }[] };
  return results.map(({ level, name, detail }) => ({ level, rule: name, detail }));
}

/** The rules of `postgres-language-server dblint`, under the names that Supabase has for them. */
async function databaseLint(databaseUrl: string): Promise<Finding[]> {
  // Without a configuration of its own it would take the repository's, which keeps it away from databases.
  const folder = await mkdtemp(join(tmpdir(), "leo-dblint-"));
  try {
    const configuration = join(folder, "postgres-language-server.jsonc");
    await writeFile(configuration, JSON.stringify({ splinter: { enabled: true } }));
    const program = join(repositoryRoot, "node_modules", ".bin", "postgres-language-server");
    const args = ["dblint", "--reporter=json", "--max-diagnostics=none", `--config-path=${configuration}`];
    // By environment: an argument could be read by everybody on the machine.
    const env = { ...process.env, DATABASE_URL: databaseUrl };
    const { stdout } = await promisify(execFile)(program, args, { cwd: folder, env }).catch((error) => {
      // Findings from some level on end it with an error, and are printed all the same.
      if (error?.stdout?.startsWith("{")) return error as { stdout: string };
      throw error;
    });
    const { diagnostics } = JSON.parse(stdout) as {
      diagnostics: { severity: string; category: string; message: string }[];
    };
    return diagnostics.map(({ severity, category, message }) => ({
      level: severity === "info" ? "INFO" : severity === "error" ? "ERROR" : "WARN",
      rule: (category.split("/").at(-1) ?? "").replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      detail: message.replaceAll("\\`", "`"),
    }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What both advisors say about a database, at every level; what both find is there twice. */
export async function advise(databaseUrl: string): Promise<Finding[]> {
  return [...(await supabaseAdvisors(databaseUrl)), ...(await databaseLint(databaseUrl))];
}

/** The findings that stay, each with its reason. */
export async function listedExceptions(): Promise<AdvisorException[]> {
  return JSON.parse(await readFile(join(repositoryRoot, "local", "advisor-exceptions.json"), "utf8"));
}

/** Lines for people: findings that no exception covers, and exceptions that cover nothing any more. */
export function unexplained(findings: Finding[], exceptions: AdvisorException[]): string[] {
  const covers = ({ rule, about }: AdvisorException, finding: Finding) =>
    // Nothing from level warn on is explained away.
    finding.level === "INFO" && finding.rule === rule && finding.detail.includes(about);
  const open = findings.filter((finding) => !exceptions.some((exception) => covers(exception, finding)));
  const idle = exceptions.filter((exception) => !findings.some((finding) => covers(exception, finding)));
  return [
    ...new Set(open.map(({ level, rule, detail }) => `${level} ${rule}: ${detail}`)),
    ...idle.map(({ rule, about }) => `advisor-exceptions.json: nothing is found by ${rule} about "${about}"`),
  ];
}
