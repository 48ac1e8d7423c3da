import { execFile } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { denoProgram } from "../../../local/edge-functions.ts";
import { repositoryRoot } from "../../../local/paths.ts";

const runFile = promisify(execFile);
const program = (name: string) => join(repositoryRoot, "node_modules", ".bin", name);

/** What a project has installed beside the package: its peers, and types of Node.js. */
const peers = ["@supabase/supabase-js", "zod", "@types/node"];

/** An empty project outside of the repository, in which the packed package is installed. */
export interface Consumer {
  tarball: string;
  /** Of the installed package. */
  packageFolder: string;
  /** Compiles a program as strictly as can be, and returns the folder with the JavaScript. */
  compile(name: string, source: string, moduleResolution: "node16" | "bundler"): Promise<string>;
  /** Runs compiled JavaScript, or TypeScript by Deno; returns what it printed. */
  runByNode(file: string, env: Record<string, string>): Promise<string>;
  runByDeno(name: string, source: string, env: Record<string, string>): Promise<string>;
  remove(): Promise<void>;
}

/** Packs what is here and installs it, without a network. */
export async function createConsumer(): Promise<Consumer> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "leo-consumer-")));
  const { stdout } = await runFile("npm", ["pack", "--json", "--pack-destination", folder], { cwd: repositoryRoot });
  // Before it, npm prints what the build prints.
  const [{ filename }] = JSON.parse(stdout.slice(stdout.indexOf("[\n")));
  const tarball = join(folder, filename);
  const modules = join(folder, "node_modules");
  const packageFolder = join(modules, "leo-control-plane");
  await mkdir(packageFolder, { recursive: true });
  await runFile("tar", ["-xzf", tarball, "--strip-components=1", "-C", packageFolder]);
  for (const peer of peers) {
    await mkdir(dirname(join(modules, peer)), { recursive: true });
    await symlink(join(repositoryRoot, "node_modules", peer), join(modules, peer), "junction");
  }
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));

  return {
    tarball,
    packageFolder,
    async compile(name, source, moduleResolution) {
      await writeFile(join(folder, `${name}.ts`), source);
      const outDir = join(folder, `${name}-${moduleResolution}`);
      const compilerOptions = {
        target: "es2022",
        module: moduleResolution === "bundler" ? "esnext" : "node16",
        moduleResolution,
        types: ["node"],
        strict: true,
        noUncheckedIndexedAccess: true,
        exactOptionalPropertyTypes: true,
        lib: ["es2023"],
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
      // Node.js 20 has a WebSocket, which supabase-js looks for, only if asked.
      const flags = process.version.startsWith("v20.") ? ["--experimental-websocket"] : [];
      const ran = await runFile(process.execPath, [...flags, file], { cwd: folder, env: { ...process.env, ...env } });
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
    remove: () => rm(folder, { recursive: true, force: true }),
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
