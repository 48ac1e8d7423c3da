import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { bootstrapDatabase, withCredentials, withDatabase } from "../../local/bootstrap.ts";
import { chooseDriver, type Driver } from "../../local/edge-functions.ts";
import { migrate } from "../../local/migrate.ts";
import { freePort } from "../../local/ports.ts";
import { type PostgresServer, startPostgres } from "../../local/postgres/server.ts";
import { removeFolderNow } from "../../local/remove-folder.ts";
import { generateSecrets, type LocalSecrets } from "../../local/secrets.ts";
import type { RemoteProject } from "./remote/project.ts";
import { bootstrappedTemplate, createDatabase, headTemplate } from "./templates.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The project that tests run against instead of a stack of their own; only of `npm run test:remote`. */
    remote?: RemoteProject;
    /** Connection string of the superuser to the database `postgres`. */
    adminUrl: string;
    secrets: LocalSecrets;
    driver: Driver;
  }
}

/**
 * One PostgreSQL server for the whole run, on a free port, with two templates that test files clone: one as
 * Supabase hands a project over, one migrated to the head by the real CLI.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const secrets = generateSecrets();
  const dataDirectory = join(tmpdir(), `leo-test-${randomBytes(6).toString("hex")}`);
  const removeAtExit = () => removeFolderNow(dataDirectory);
  let server: PostgresServer | undefined;
  const teardown = async () => {
    await server?.stop();
    await rm(dataDirectory, { recursive: true, force: true });
    process.off("exit", removeAtExit);
  };
  try {
    const driver = chooseDriver();
    // Looked up while the server starts; a failure is reported where it is awaited.
    driver.catch(() => {});
    server = await startPostgres({
      dataDirectory,
      port: await freePort(),
      password: secrets.databasePassword,
      disposable: true,
      settings: { max_connections: "300" },
    });
    // Where a signal ends the run Vitest leaves at once, without a teardown. After what kills the server then.
    process.once("exit", removeAtExit);
    const { adminUrl } = server;
    await createDatabase(adminUrl, bootstrappedTemplate);
    await bootstrapDatabase(withDatabase(adminUrl, bootstrappedTemplate), secrets.databasePassword);
    await createDatabase(adminUrl, headTemplate, bootstrappedTemplate);
    const headUrl = withDatabase(adminUrl, headTemplate);
    await migrate(withCredentials(headUrl, "postgres", secrets.databasePassword));

    project.provide("adminUrl", adminUrl);
    project.provide("secrets", secrets);
    project.provide("driver", await driver);
    console.log(`Functions under test run on: ${(await driver).description}`);
  } catch (error) {
    await teardown();
    throw error;
  }
  return teardown;
}
