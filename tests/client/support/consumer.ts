import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { denoProgram } from "../../../local/edge-functions.ts";
import { repositoryRoot } from "../../../local/paths.ts";
import { repositoryFiles } from "../../docs/support/documents.ts";

const runFile = promisify(execFile);
const program = (name: string) => join(repositoryRoot, "node_modules", ".bin", name);

/** Node.js 20 has a WebSocket, which supabase-js looks for, only if asked. */
const withWebSocket = process.version.startsWith("v20.") ? ["--experimental-websocket"] : [];

/** What a project has installed beside the package: its peers, and types of Node.js. */
const peers = ["@supabase/supabase-js", "zod", "@types/node"];

/** What the package is made of, and what makes it. */
const packed = ["types", "local", "package.json", "tsconfig*.json", "README.md", "LICENSE"];

/** Whose globals a program is compiled with. */
type Platform = "node" | "browser";

/** An empty project outside of the repository, in which the packed package is installed. */
export interface Consumer {
  tarball: string;
  /** Of the installed package. */
  packageFolder: string;
  /** Compiles a program as strictly as can be, and returns the folder with the JavaScript. */
  compile(name: string, source: string, moduleResolution: "node16" | "bundler", platform?: Platform): Promise<string>;
  /** Runs compiled JavaScript, or TypeScript by Deno; returns what it printed. */
  runByNode(file: string, env: Record<string, string>): Promise<string>;
  runByDeno(name: string, source: string, env: Record<string, string>): Promise<string>;
  /** Runs compiled JavaScript as a browser would, with an object in its global `settings`; returns what it printed. */
  runInPage(file: string, settings: Record<string, string>): Promise<string>;
  remove(): Promise<void>;
}

/**
 * Packs a copy of what is here: npm pack builds first, which would take dist/ away from whoever reads the checkout
 * meanwhile.
 */
async function packInto(folder: string): Promise<string> {
  const copy = join(folder, "checkout");
  // What is not in it is missing in the package of a fresh clone, too.
  for (const path of await repositoryFiles(...packed)) {
    await cp(join(repositoryRoot, path), join(copy, path));
  }
  await symlink(join(repositoryRoot, "node_modules"), join(copy, "node_modules"), "junction");
  const { stdout } = await runFile("npm", ["pack", "--json", "--pack-destination", folder], { cwd: copy });
  // Before it, npm prints what the build prints.
  const [{ filename }] = JSON.parse(stdout.slice(stdout.indexOf("[\n")));
  return join(folder, filename);
}

/** Packs what is here and has npm install it, without a network. */
export async function createConsumer(): Promise<Consumer> {
  const parent = await realpath(await mkdtemp(join(tmpdir(), "leo-consumer-")));
  const tarball = await packInto(parent);
  const folder = join(parent, "project");
  await mkdir(folder);
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));
  // Without its peers, which npm would have to fetch.
  const flags = ["--offline", "--legacy-peer-deps", "--no-audit", "--no-fund"];
  await runFile("npm", ["install", ...flags, tarball], { cwd: folder });
  const modules = join(folder, "node_modules");
  const packageFolder = join(modules, "leo-control-plane");
  for (const peer of peers) {
    await mkdir(dirname(join(modules, peer)), { recursive: true });
    await symlink(join(repositoryRoot, "node_modules", peer), join(modules, peer), "junction");
  }

  return {
    tarball,
    packageFolder,
    async compile(name, source, moduleResolution, platform = "node") {
      await writeFile(join(folder, `${name}.ts`), source);
      const outDir = join(folder, `${name}-${moduleResolution}`);
      const compilerOptions = {
        target: "es2022",
        module: moduleResolution === "bundler" ? "esnext" : "node16",
        moduleResolution,
        types: platform === "node" ? ["node"] : [],
        strict: true,
        noUncheckedIndexedAccess: true,
        exactOptionalPropertyTypes: true,
        lib: platform === "node" ? ["es2023"] : ["es2023", "dom"],
        // Those of supabase-js do not compile without the DOM, and not with this compiler's either.
        skipLibCheck: source.includes("@supabase/supabase-js"),
        rootDir: ".",
        outDir,
      };
      const config = join(folder, `tsconfig.${name}.${moduleResolution}.json`);
      await writeFile(config, JSON.stringify({ compilerOptions, files: [`${name}.ts`] }));
      await runFile(program("tsc"), ["-p", config], { cwd: folder }).catch((error: { stdout?: string }) => {
        throw new Error(`${name} does not compile (${moduleResolution}):\n${error.stdout}`);
      });
      return outDir;
    },
    async runByNode(file, env) {
      const args = [...withWebSocket, file];
      const ran = await runFile(process.execPath, args, { cwd: folder, env: { ...process.env, ...env } });
      return ran.stdout;
    },
    async runByDeno(name, source, env) {
      const file = join(folder, `${name}.ts`);
      await writeFile(file, source);
      const permissions = ["--allow-env", "--allow-net=127.0.0.1", "--allow-read", "--allow-sys"];
      const args = [
        "run",
        "--no-prompt",
        "--cached-only",
        "--no-lock",
        "--node-modules-dir=manual",
        ...permissions,
        file,
      ];
      const ran = await runFile(denoProgram(), args, { cwd: folder, env: { ...process.env, ...env } });
      return ran.stdout;
    },
    async runInPage(file, settings) {
      const page = join(repositoryRoot, "tests", "client", "support", "page.ts");
      const script = join(modules, "@supabase", "supabase-js", "dist", "umd", "supabase.js");
      const flags = [...withWebSocket, "--experimental-vm-modules", "--no-warnings", "--import", "tsx"];
      const args = [...flags, page, file, packageFolder, script];
      const env = { ...process.env, SETTINGS: JSON.stringify(settings) };
      return (await runFile(process.execPath, args, { cwd: repositoryRoot, env })).stdout;
    },
    remove: () => rm(parent, { recursive: true, force: true }),
  };
}

/** Runs a tool over the tarball; rejects with what it says where it is not content. */
export async function inspect(tool: string, ...args: string[]): Promise<string> {
  try {
    return (await runFile(program(tool), args, { env: { ...process.env, NO_COLOR: "1" } })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`${tool} ${args.join(" ")}:\n${stdout}${stderr}`);
  }
}
