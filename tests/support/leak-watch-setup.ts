import { afterAll } from "vitest";
import { leakWatch } from "./leak-watch.ts";

const watch = leakWatch();
globalThis.fetch = watch.over(globalThis.fetch);

// Of all hooks of a file this runs last: its stacks have stopped by then, and have said all they had to say.
afterAll(async () => {
  await watch.settle();
  if (watch.findings.length > 0) {
    throw new Error(`Something secret was shown or logged:\n  ${[...new Set(watch.findings)].join("\n  ")}`);
  }
});
