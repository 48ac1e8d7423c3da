import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repositoryRoot } from "../../local/paths.ts";
import { type CliOutput, remoteDatabase, supabaseCli } from "../../local/supabase-cli.ts";
import { shellWords } from "./documented-steps.ts";
import { type ManagementApi, projectRef, startManagementApi } from "./management-api.ts";

/** A copy of what the CLI reads of this repository, linked to nothing yet, whose platform is on loopback. */
export interface HostedProject {
  api: ManagementApi;
  /** The copy, into which `link` writes; the repository stays as it is. */
  workdir: string;
  /**
   * Runs a documented command (`npx supabase …`) with the real CLI, as in a terminal of somebody who says yes.
   *
   * @param databaseUrl what `--remote` without a value stands for: the linked project's database
   * @param options.yes false where nobody answers
   * @throws StackError with what the CLI said
   */
  run(command: string, databaseUrl?: string, options?: { yes?: boolean }): Promise<CliOutput>;
  remove(): Promise<void>;
}

/** Where the CLI may not find or keep what is the user's own. */
function environment(home: string): Record<string, string> {
  return {
    SUPABASE_ACCESS_TOKEN: `sbp_${"0".repeat(40)}`,
    SUPABASE_HOME: home,
    SUPABASE_NO_KEYRING: "1",
  };
}

export async function hostedProject(): Promise<HostedProject> {
  const api = await startManagementApi();
  const workdir = await mkdtemp(join(tmpdir(), "leo-deploy-"));
  const profile = join(workdir, "profile.yaml");
  await writeFile(profile, `name: test\napi_url: ${api.url}\ndashboard_url: ${api.url}\nproject_host: project.test\n`);
  for (const folder of ["supabase", "functions", "types"]) {
    await cp(join(repositoryRoot, folder), join(workdir, folder), {
      recursive: true,
      // What the repository's own checkout may be linked to.
      filter: (path) => !path.endsWith(join("supabase", ".temp")),
    });
  }
  return {
    api,
    workdir,
    async run(command, databaseUrl, { yes = true } = {}) {
      const [npx, supabase, ...args] = shellWords(command.replaceAll("<your-project-ref>", projectRef));
      if (npx !== "npx" || supabase !== "supabase") throw new Error(`not a command of the CLI: ${command}`);
      const remote = databaseUrl && args.includes("--remote") ? remoteDatabase(databaseUrl) : undefined;
      const given = args.map((argument) => (argument === "--remote" ? (remote?.argument ?? argument) : argument));
      if (yes) given.push("--yes");
      return supabaseCli([...given, "--profile", profile], {
        cwd: workdir,
        env: { ...environment(join(workdir, "home")), ...remote?.env },
      });
    },
    async remove() {
      await api.close();
      await rm(workdir, { recursive: true, force: true });
    },
  };
}
