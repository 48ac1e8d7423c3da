import { execFile } from "node:child_process";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { repositoryRoot } from "../../local/paths.ts";
import { ownLimits, usualLimits } from "../../types/client/limits.ts";
import { operations } from "../../types/contracts/operations.ts";
import { document, documentedBlocks } from "../docs/support/markdown.ts";
import { createDirective } from "../functions/support/directives.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";
import { type Consumer, createConsumer, inspect } from "./support/consumer.ts";

let stack: TestStack;
let consumer: Consumer;

beforeAll(async () => {
  consumer = await createConsumer();
  stack = await startTestStack();
  await stack.database.query(await readFile(join(repositoryRoot, "supabase", "seed.sql"), "utf8"));
});

afterAll(async () => {
  await stack.stop();
  await consumer.remove();
});

describe("the packed package", () => {
  test("is what publint recommends", async () => {
    expect(await inspect("publint", "run", consumer.tarball, "--strict")).toContain("All good!");
  });

  test("has types that are right for ESM, by Node.js and by bundlers (attw)", async () => {
    const printed = await inspect("attw", consumer.tarball, "--profile", "esm-only", "--format", "json");
    const { analysis } = JSON.parse(printed);
    expect(Object.keys(analysis.entrypoints).sort()).toEqual([".", "./contracts", "./package.json", "./types"]);
  });

  test("loads nothing from elsewhere with its client: neither zod nor supabase-js", async () => {
    const { local, foreign } = await modulesFrom(join(consumer.packageFolder, "dist", "client", "index.js"));
    expect(local).toContain(join("dist", "contracts", "routes.js"));
    expect(local).not.toContain(join("dist", "contracts", "operations.js"));
    expect(foreign).toEqual([]);
  });
});

describe("a program of an agent", () => {
  const source = () => readFile(join(repositoryRoot, "tests", "client", "consumer", "agent.ts"), "utf8");

  const env = async () => ({
    SUPABASE_URL: stack.url,
    BUILDER_KEY: stack.secretKey,
    VERIFIER_KEY: stack.secrets.secretKeys.agent as string,
    SD_ID: await createDirective(stack.database),
  });

  const outcome = {
    incomplete: true,
    known: true,
    status: "completed",
    allowed: ["accept", "reject"],
    handoff: "accepted",
    score: 90,
  };

  test.each(["node16", "bundler"] as const)(
    "compiles with moduleResolution %s, and runs by Node.js",
    async (resolution) => {
      const folder = await consumer.compile("agent", await source(), resolution);
      expect(JSON.parse(await consumer.runByNode(join(folder, "agent.js"), await env()))).toEqual(outcome);
    },
  );

  test("finds no mistake in the declarations themselves", async () => {
    const modules = ["leo-control-plane", "leo-control-plane/types", "leo-control-plane/contracts"];
    const everything = modules.map((name, index) => `export * as m${index} from "${name}";`).join("\n");
    for (const resolution of ["node16", "bundler"] as const) await consumer.compile("all", everything, resolution);
  });

  test("runs by Deno", async () => {
    expect(JSON.parse(await consumer.runByDeno("agent-deno", await source(), await env()))).toEqual(outcome);
  });

  test("does not compile with a request that breaks its contract", async () => {
    const broken = (await source()).replace("{ attempt, score: 90 }", '{ attempt, score: "90" }');
    await expect(consumer.compile("broken", broken, "node16")).rejects.toThrow(/broken\.ts\(\d+,\d+\): error TS2322/);
  });
});

describe("a program of a page", () => {
  test("compiles with the types of browsers, and runs where nothing of Node.js is, over plain http", async () => {
    const email = "operator@example.com";
    await stack.createUser({ email, appMetadata: { leo_role: "operator" } });
    const source = await readFile(join(repositoryRoot, "tests", "client", "consumer", "page.ts"), "utf8");
    const folder = await consumer.compile("page", source, "bundler", "browser");
    const printed = await consumer.runInPage(join(folder, "page.js"), {
      url: stack.url,
      publishableKey: stack.publishableKey,
      email,
      password: stack.secrets.demoPassword,
      sdId: await createDirective(stack.database),
    });
    const { id, ...seen } = JSON.parse(printed);
    expect(seen).toEqual({ ofNode: [], secure: false, first: id });
    const keys = await stack.database.query("select key from leo.idempotency_keys where caller like 'user:%'");
    expect(keys.map(({ key }) => z.uuidv4().safeParse(key).success)).toEqual([true, true]);
  });
});

/** What `npm start` leaves in .local/env, as far as a program needs it. */
const documentedVariables = () => ({
  SUPABASE_URL: stack.url,
  AGENT_KEY: stack.secrets.secretKeys.agent as string,
  SECRET_KEY: stack.secretKey,
});

/** Moves of a session, as the history has them. */
const moves = (sdId: string) =>
  stack.database.query<{ event: string; actor: string }>(
    `select event, actor from public.state_transitions
     where sd_id = '${sdId}' and machine in ('exec_session', 'handoff') order by id`,
  );

describe("the README's program of an agent", () => {
  test("compiles", async () => {
    const [shown = "", ...none] = await documentedBlocks("README.md", "Drive work from an agent", "ts");
    expect(none).toEqual([]);
    await consumer.compile("readme", shown, "node16");
  });

  test("is installed and run as it says, and gets from start to an accepted hand-off", async () => {
    const [shown = ""] = await documentedBlocks("README.md", "Drive work from an agent", "ts");
    const blocks = await documentedBlocks("README.md", "Drive work from an agent", "sh");
    const [install = "", run = ""] = blocks.slice(-2);
    // What createConsumer has done.
    const [pack, ...lines] = install.split("\n");
    expect(pack).toBe("npm pack --silent");
    const checkout = join(dirname(consumer.tarball), "leo");
    await mkdir(checkout);
    await copyFile(consumer.tarball, join(checkout, basename(consumer.tarball)));
    await shell(lines.join("\n"), checkout);
    const project = join(checkout, "..", "my-agent");
    await writeFile(join(project, "agent.ts"), shown);

    expect(await shell(run, project)).toBe(
      "to be done: CODE_QUALITY, DOCUMENTATION, PERFORMANCE, SECURITY, TESTING\naccepted\n",
    );
    expect((await moves("SD-2026-013")).map(({ event, actor }) => `${event} ${actor}`)).toEqual([
      "start secret:agent/builder-3",
      "complete secret:agent/builder-3",
      "prepare secret:agent/builder-3",
      "ready secret:agent/builder-3",
      "send secret:agent/builder-3",
      "accept secret:default",
    ]);
  }, 120_000);
});

/** Runs lines as they are shown, with what `npm start` leaves in .local/env; returns what they printed. */
async function shell(lines: string, cwd: string): Promise<string> {
  // What was installed here before need not be asked for again.
  const env = { ...process.env, ...documentedVariables(), npm_config_prefer_offline: "true" };
  return (await promisify(execFile)("bash", ["-ec", lines], { cwd, env })).stdout;
}

describe("docs/client.md", () => {
  test("has a program that compiles and runs as it is shown", async () => {
    const [shown = "", ...none] = await documentedBlocks("docs/client.md", "The typed client", "ts");
    expect(none).toEqual([]);
    const folder = await consumer.compile("client", shown, "node16");
    await consumer.runByNode(join(folder, "client.js"), documentedVariables());
    expect((await moves("SD-2026-014")).map(({ event }) => event)).toEqual(["start", "complete"]);
  });

  test("packs and installs what npm packs and installs", async () => {
    const [commands = "", ...none] = await documentedBlocks("docs/client.md", "The typed client", "sh");
    expect(none).toEqual([]);
    const [pack, install] = commands.split("\n").map((line) => line.split("#")[0]?.trim());
    // What this file begins with (createConsumer), but for npm ci and the peers, which a registry has.
    expect(pack).toBe("npm pack --silent");
    const peers = Object.keys(JSON.parse(await document("package.json")).peerDependencies);
    expect(install).toBe(`npm install ./${basename(consumer.tarball)} ${peers.join(" ")}`);
  });

  test("lists every option, with its default", async () => {
    const declared = [...(await document("types/client/options.ts")).matchAll(/^ {2}(\w+)\?:/gm)];
    const rows = [...(await document("docs/client.md")).matchAll(/^\| `(\w+)` \| [^|]+ \| ([^|]+) \|/gm)];
    expect(rows.map(([, name]) => name).sort()).toEqual(declared.map(([, name]) => name).sort());
    const number = (digits = "") => Number(digits.replaceAll(" ", ""));
    const withDefault = rows.filter(([, , value = ""]) => /^\d/.test(value));
    const usual = withDefault.map(([, name, value]) => [name, number(value?.split(";")[0])]);
    expect(Object.fromEntries(usual)).toEqual(usualLimits);
    const own = withDefault.flatMap(([, name, value]) => {
      const [, method = "", ms] = /; `([\w.]+)` ([\d ]+)/.exec(value ?? "") ?? [];
      return ms === undefined ? [] : [[method, name, number(ms)]];
    });
    const routed = Object.entries(ownLimits).flatMap(([route, limits]) => {
      const operation = operations.find(
        ({ function: name, method, path }) => `${method} /${name}${path}` === `${route}/`,
      );
      return Object.entries(limits).map(([name, ms]) => [operation?.name, name, ms]);
    });
    expect(own).toEqual(routed);
  });
});

/** Every module that a module imports, with those that they import, and what they import by name of a package. */
async function modulesFrom(entry: string): Promise<{ local: string[]; foreign: string[] }> {
  const seen = new Set<string>([entry]);
  const foreign = new Set<string>();
  for (const file of seen) {
    for (const [, specifier = ""] of (await readFile(file, "utf8")).matchAll(/\bfrom "([^"]+)"|\bimport\("?/g)) {
      if (specifier.startsWith(".")) seen.add(join(dirname(file), specifier));
      else foreign.add(specifier);
    }
  }
  return { local: [...seen].map((file) => relative(consumer.packageFolder, file)), foreign: [...foreign] };
}
