import { relative } from "node:path";
import { COLUMNS, filledText } from "./columns.ts";
import { environmentFile } from "./environment-file.ts";
import { demoUsers, startableDirective } from "./prepare-database.ts";
import { shellCall } from "./shell-call.ts";
import type { Stack } from "./stack.ts";

const emptyDirective = {
  ...{ id: "SD-DEMO-001", sd_key: "SD-DEMO-001", title: "A first directive", status: "active", category: "feature" },
  ...{ priority: "medium", description: "-", rationale: "-", scope: "-", sequence_rank: 1 },
  current_phase: "EXEC_IMPLEMENTATION",
};

/** What is called what, under each other; what is too long beside its name goes below it. */
function factLines([name, ...values]: [name: string, ...values: string[]]): string[] {
  return values.flatMap((value, index) => {
    const lead = `  ${(index === 0 ? name : "").padEnd(15)}  `;
    const lines = filledText(value, lead, " ".repeat(lead.length));
    return lines.some((line) => line.length > COLUMNS) ? [lead.trimEnd(), `    ${value}`] : lines;
  });
}

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
    const call = shellCall({
      url: `${url}/rest/v1/strategic_directives_v2`,
      headers: { apikey: secretKey, prefer: "return=representation" },
      body: emptyDirective,
    });
    sections.push(["Make a strategic directive that a session can be started of:", call]);
  }
  sections.push([
    `Start a session of ${sdId} (the database makes its quality checkpoints):`,
    shellCall({
      url: `${url}/functions/v1/exec-sessions`,
      headers: { apikey: agentKey },
      body: { sd_id: sdId, implementation_type: "API_ENDPOINT" },
    }),
  ]);
  const rows = (headers: Record<string, string>) =>
    shellCall({
      url: `${url}/rest/v1/exec_implementation_sessions`,
      headers,
      query: [`sd_id=eq.${sdId}`, "select=status,exec_quality_checkpoints(checkpoint_name,is_complete)"],
    });
  if (reader === undefined) {
    sections.push(["Read it (there is no demo user to read it as; --seed loads some):", rows({ apikey: secretKey })]);
  } else {
    const signIn = shellCall({
      url: `${url}/auth/v1/token?grant_type=password`,
      headers: { apikey: publishableKey },
      body: { email: reader, password: secrets.demoPassword },
    });
    sections.push([
      `Read it as ${reader}, under row level security:`,
      `TOKEN=$(${signIn} \\\n    | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')\n  ` +
        rows({ apikey: publishableKey, authorization: "Bearer $TOKEN" }),
    ]);
  }
  sections.push(["Ask how the stack is:", shellCall({ url: `${url}/functions/v1/health` })]);

  const facts: [name: string, ...values: string[]][] = [
    ["API URL", url],
    ["Publishable key", publishableKey],
    ["Secret keys", ...Object.entries(secrets.secretKeys).map(([name, key]) => `${name}: ${key}`)],
    ["Database URL", databaseUrl],
    ["Functions", functions.names.join(", "), `on ${stack.driver.description}`],
    [
      "Demo users",
      ...(people.length === 0 ? ["none"] : [`password ${secrets.demoPassword}`]),
      ...people.map(({ email, access }) => `${email}: ${access}`),
    ],
  ];
  return [
    `\nReady in ${seconds.toFixed(1)} s: ${url}\n`,
    `${facts.flatMap(factLines).join("\n")}\n`,
    ...sections.map(([title, ...calls]) => `${title}\n\n  ${calls.join("\n  ")}\n`),
    `In another terminal, keys and addresses for the commands of README and docs:\n\n  . ${relative(process.cwd(), environmentFile)}\n`,
    "Ctrl-C stops everything; the data stay for the next start.\n",
  ].join("\n");
}
