import { afterAll } from "vitest";
import { documentWatch } from "./document-watch.ts";

const watch = documentWatch();
globalThis.fetch = watch.over(globalThis.fetch);

afterAll(async () => {
  await watch.settle();
  if (watch.findings.length > 0) {
    throw new Error(`docs/openapi.json does not say so:\n  ${[...new Set(watch.findings)].join("\n  ")}`);
  }
});
