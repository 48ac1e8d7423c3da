import { writeEnvironmentFile } from "./environment-file.ts";
import { help, parseStartOptions } from "./options.ts";
import { readyMessage } from "./ready-message.ts";
import { type Stack, startStack } from "./stack.ts";
import { StackError } from "./stack-error.ts";
import { Steps } from "./steps.ts";

/**
 * Milliseconds within which a second signal is the same stroke of Ctrl-C: the terminal sends it to npm and to this
 * process, and npm hands it on.
 */
const SAME_KEY_MS = 500;

/** `npm start`: brings the stack up, prints how to use it, and stays until a signal ends it. */
async function main(): Promise<void> {
  const options = parseStartOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(help);
    return;
  }

  // A signal may come at any time, also half-way through the start: then the start is undone first.
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const signalled = new Promise<NodeJS.Signals>((resolve) => {
    for (const signal of signals) process.on(signal, () => resolve(signal));
  });
  process.stdout.write("LEO control plane\n");
  const steps = new Steps((text) => process.stdout.write(text));
  const starting = startStack(options, steps, (line) => process.stdout.write(`${line}\n`));
  starting.catch(() => {});

  const first = await Promise.race([starting, signalled]);
  const stack: Stack = typeof first === "string" ? await starting : first;
  let forgetEnvironment = async () => {};
  try {
    if (typeof first !== "string") {
      forgetEnvironment = await writeEnvironmentFile(stack);
      process.stdout.write(await readyMessage(stack, steps.elapsed()));
      const dead = stack.ended.then((part) => {
        throw new StackError(`${part} ended unexpectedly; start again with npm start`);
      });
      dead.catch(() => {});
      await Promise.race([signalled, dead]);
    }
  } finally {
    process.stdout.write("\nStopping … ");
    const since = performance.now();
    const cut = () => {
      if (performance.now() - since > SAME_KEY_MS) stack.services.functions.child.kill("SIGTERM");
    };
    // Whoever asks twice does not want to wait for the requests that are under way.
    for (const signal of signals) process.on(signal, cut);
    await Promise.all([forgetEnvironment(), stack.stop()]);
    process.stdout.write("stopped.\n");
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const text =
      error instanceof StackError ? error.message : error instanceof Error ? (error.stack ?? "") : String(error);
    process.stderr.write(`error: ${text}\n`);
    process.exit(1);
  },
);
