import { isLoopback } from "../../../local/supabase-cli.ts";

/** A project that is there already, against which tests run instead of a stack of their own. */
export interface RemoteProject {
  /** Base URL of the API, as in SUPABASE_URL. */
  url: string;
  /** Connection string of role `postgres`. */
  databaseUrl: string;
  publishableKey: string;
  /** The one named `default`, which is what tests find in the history. */
  secretKey: string;
}

const forms = {
  LEO_TEST_URL: { form: /^https?:\/\/./, example: "https://<project-ref>.supabase.co" },
  LEO_TEST_DB_URL: { form: /^postgres(ql)?:\/\/./, example: "postgresql://postgres:<password>@<host>:5432/postgres" },
  LEO_TEST_PUBLISHABLE_KEY: { form: /^sb_publishable_/, example: "sb_publishable_…" },
  LEO_TEST_SECRET_KEY: { form: /^sb_secret_/, example: "sb_secret_…" },
};

/**
 * The project that the environment names. Nothing has a default: rows are deleted there.
 *
 * @throws Error that names every variable which is missing or makes no sense
 */
export function remoteProject(environment: NodeJS.ProcessEnv): RemoteProject {
  const wrong = Object.entries(forms).flatMap(([name, { form, example }]) => {
    const value = environment[name];
    if (value !== undefined && form.test(value) && (!name.endsWith("URL") || URL.canParse(value))) return [];
    return [`  ${name} ${value ? "has to look like" : "is missing:"} ${example}`];
  });
  const url = environment.LEO_TEST_URL ?? "";
  if (wrong.length === 0 && url.startsWith("http:") && !isLoopback(url)) {
    wrong.push("  LEO_TEST_URL has to begin with https: only this machine may be sent the secret key in clear");
  }
  if (wrong.length > 0) {
    throw new Error(`test:remote runs against a project that you name; nothing was done.\n${wrong.join("\n")}`);
  }
  const value = (name: keyof typeof forms) => environment[name] as string;
  return {
    url: value("LEO_TEST_URL").replace(/\/+$/, ""),
    databaseUrl: value("LEO_TEST_DB_URL"),
    publishableKey: value("LEO_TEST_PUBLISHABLE_KEY"),
    secretKey: value("LEO_TEST_SECRET_KEY"),
  };
}
