import { demoUsers, startableDirective } from "./prepare-database.ts";
import type { Stack } from "./stack.ts";

function shellQuoted(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A call to copy into a shell; its answer ends with a line break. */
function curl(url: string, headers: Record<string, string>, body?: unknown): string {
  const lines = [`curl -sw '\\n' ${shellQuoted(url)}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`-H "${name}: ${value}"`);
  if (body !== undefined) lines.push(`-H 'content-type: application/json' -d ${shellQuoted(body)}`);
  return lines.join(" \\\n    ");
}

const emptyDirective = {
  ...{ id: "SD-DEMO-001", sd_key: "SD-DEMO-001", title: "A first directive", status: "active", category: "feature" },
  ...{ priority: "medium", description: "-", rationale: "-", scope: "-", sequence_rank: 1 },
  current_phase: "EXEC_IMPLEMENTATION",
};

/** What `npm start` prints when everything is up: addresses, keys, people, and calls to copy. */
export async function readyMessage(stack: Stack, seconds: number): Promise<string> {
  const { secrets, databaseUrl } = stack;
  const { url, functions } = stack.services;
  const people = await demoUsers(databaseUrl);
  const directive = await startableDirective(databaseUrl);
  const reader = people.find(({ access }) => !access.includes("operator"))?.email;
  const agentKey = secrets.secretKeys.agent as string;
  const secretKey = secrets.secretKeys.default as string;
  const { publishableKey } = secrets;

  const sections: [title: string, ...calls: string[]][] = [];
  const sdId = directive ?? emptyDirective.id;
  if (directive === null) {
    const call = curl(`${url}/rest/v1/strategic_directives_v2`, { apikey: secretKey }, emptyDirective);
    sections.push(["Make a strategic directive that a session can be started of:", call]);
  }
  sections.push([
    `Start a session of ${sdId} (the database makes its quality checkpoints):`,
    curl(
      `${url}/functions/v1/exec-sessions`,
      { apikey: agentKey },
      { sd_id: sdId, implementation_type: "API_ENDPOINT" },
    ),
  ]);
  const rows = `${url}/rest/v1/exec_implementation_sessions?sd_id=eq.${sdId}&select=status,attempt,exec_quality_checkpoints(checkpoint_name,is_complete)`;
  if (reader === undefined) {
    sections.push([
      "Read it (there is no demo user to read it as; --seed loads some):",
      curl(rows, { apikey: secretKey }),
    ]);
  } else {
    const signIn = curl(
      `${url}/auth/v1/token?grant_type=password`,
      { apikey: publishableKey },
      { email: reader, password: secrets.demoPassword },
    );
    sections.push([
      `Read it as ${reader}, under row level security:`,
      `TOKEN=$(${signIn} \\\n    | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')\n  ` +
        curl(rows, { apikey: publishableKey, authorization: "Bearer $TOKEN" }),
    ]);
  }
  sections.push(["Ask how the stack is:", curl(`${url}/functions/v1/health`, {})]);

  const facts: [name: string, ...values: string[]][] = [
    ["API URL", url],
    ["Publishable key", publishableKey],
    ["Secret keys", ...Object.entries(secrets.secretKeys).map(([name, key]) => `${name.padEnd(8)} ${key}`)],
    ["Database URL", databaseUrl],
    ["Functions", functions.names.join(", "), `on ${stack.driver.description}`],
    [
      "Demo users",
      ...(people.length === 0 ? ["none"] : [`password ${secrets.demoPassword}`]),
      ...people.map(({ email, access }) => `${email.padEnd(24)} ${access}`),
    ],
  ];
  const table = facts.flatMap(([name, ...values]) =>
    values.map((value, index) => `  ${(index === 0 ? name : "").padEnd(16)} ${value}`),
  );
  return [
    `\nReady in ${seconds.toFixed(1)} s: ${url}\n`,
    `${table.join("\n")}\n`,
    ...sections.map(([title, ...calls]) => `${title}\n\n  ${calls.join("\n  ")}\n`),
    "Ctrl-C stops everything; the data stay for the next start.\n",
  ].join("\n");
}
