import { demoUsers, startableDirective } from "./prepare-database.ts";
import type { Stack } from "./stack.ts";

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** What `npm start` prints when everything is up: addresses, keys, people, and calls to copy. */
export async function readyMessage(stack: Stack, seconds: number): Promise<string> {
  const { secrets, databaseUrl } = stack;
  const { url, functions } = stack.services;
  const people = await demoUsers(databaseUrl);
  const directive = (await startableDirective(databaseUrl)) ?? "SD-YOURS-001";
  const reader = people.find(({ access }) => !access.includes("operator"))?.email ?? "ada@northwind.example";
  const secretKey = secrets.secretKeys.agent ?? secrets.secretKeys.default;

  const startBody = JSON.stringify({ sd_id: directive, implementation_type: "API_ENDPOINT" });
  return `
Ready in ${seconds.toFixed(1)} s: ${url}

  API URL          ${url}
  Publishable key  ${secrets.publishableKey}
  Secret keys      ${Object.entries(secrets.secretKeys)
    .map(([name, key]) => `${name.padEnd(8)} ${key}`)
    .join("\n                   ")}
  Database URL     ${databaseUrl}
  Functions        ${functions.names.join(", ")} on ${stack.driver.description}
  Demo users       ${people.length === 0 ? "none; --seed loads them" : `password ${secrets.demoPassword}`}
${people.map(({ email, access }) => `                   ${email.padEnd(28)} ${access}\n`).join("")}
Start a session of ${directive} (its quality checkpoints are made by the database):

  curl -s ${url}/functions/v1/exec-sessions \\
    -H 'apikey: ${secretKey}' -H 'content-type: application/json' \\
    -d ${shellQuoted(startBody)}

Read it as a signed-in user, under row level security:

  TOKEN=$(curl -s '${url}/auth/v1/token?grant_type=password' \\
    -H 'apikey: ${secrets.publishableKey}' -H 'content-type: application/json' \\
    -d ${shellQuoted(JSON.stringify({ email: reader, password: secrets.demoPassword }))} \\
    | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
  curl -s '${url}/rest/v1/exec_implementation_sessions?sd_id=eq.${directive}&select=status,attempt,exec_quality_checkpoints(checkpoint_name,is_complete)' \\
    -H 'apikey: ${secrets.publishableKey}' -H "authorization: Bearer $TOKEN"

Ask how the stack is:

  curl -s ${url}/functions/v1/health

Ctrl-C stops everything; the data stay for the next start.
`;
}
