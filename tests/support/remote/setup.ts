import type { TestProject } from "vitest/node";
import { generateSecrets } from "../../../local/secrets.ts";
import { messageOf } from "../../../local/stack-error.ts";
import { remoteProject } from "./project.ts";
import { takeProject } from "./take.ts";

/** Where a signal ends the run Vitest leaves at once, without a teardown: then this comes first. */
function onSignals(work: () => Promise<void>): void {
  for (const [signal, number] of [["SIGINT", 2] as const, ["SIGTERM", 15] as const, ["SIGHUP", 1] as const]) {
    process.removeAllListeners(signal);
    process.once(signal, () => {
      work()
        .catch((error: unknown) => console.error(`error: ${messageOf(error)}`))
        .finally(() => process.exit(128 + number));
    });
  }
}

/** What `npm run test:remote` does before the first test file and after the last one. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const remote = remoteProject(process.env);
  const { giveBack, leave } = await takeProject(remote, process.env.LEO_TEST_DELETE_DATA === "1");
  onSignals(leave);
  project.provide("remote", remote);
  project.provide("secrets", {
    // Passwords of the users that tests make; the project's own signing keys are nobody's business.
    ...generateSecrets(),
    publishableKey: remote.publishableKey,
    secretKeys: { default: remote.secretKey },
    databasePassword: decodeURIComponent(new URL(remote.databaseUrl).password),
  });
  console.log(`Tests run against ${remote.url}`);
  return async () => {
    try {
      await giveBack();
    } catch (error) {
      // Vitest prints what goes wrong here, and would call the run a success.
      process.exitCode = 1;
      throw error;
    }
  };
}
