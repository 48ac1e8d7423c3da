import { type ParseArgsConfig, parseArgs } from "node:util";
import { messageOf, StackError } from "./stack-error.ts";

/** What every script takes. */
const helpOption = { help: { type: "boolean", short: "h" } } as const;

/**
 * Reads a script's command line by `parseArgs`, with `--help` among its options.
 *
 * @param command how the script is called, such as `npm start`
 * @throws StackError that names what is not known, and says where the help is
 */
export function readCommandLine<T extends ParseArgsConfig>(command: string, config: T) {
  try {
    const options = { ...config.options, ...helpOption };
    return parseArgs<T & { options: typeof helpOption }>({ ...config, options });
  } catch (error) {
    // Node.js goes on with how to pass arguments that look like options.
    const said = (error as Error).message.split(". ")[0];
    // npm keeps what looks like an option for itself where there is no -- before it, and hands on the rest.
    const hint = said?.startsWith("Unexpected argument") ? ` (options go after --: ${command} -- …)` : "";
    throw new StackError(`${said}${hint}; see ${command} -- --help`);
  }
}

/**
 * For scripts without options: prints `usage` where it is asked for.
 *
 * @returns whether there is nothing more to do
 * @throws StackError like {@link readCommandLine}
 */
export function printedHelp(command: string, usage: string, args = process.argv.slice(2)): boolean {
  const { values } = readCommandLine(command, { args });
  if (values.help) process.stdout.write(usage);
  return values.help === true;
}

/** Runs what a script does, to its exit code; an error is told in a line. */
export function runScript(main: () => Promise<number>): void {
  main().then(
    (code) => process.exit(code),
    (error: unknown) => {
      process.stderr.write(`error: ${messageOf(error)}\n`);
      process.exit(1);
    },
  );
}
