import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    globalSetup: ["tests/support/global-setup.ts"],
    // Look through every response of every test file: for what must not be in it, and for what is documented otherwise.
    setupFiles: ["tests/support/leak-watch-setup.ts", "tests/support/document-watch-setup.ts"],
    // A database, and where a file needs it a whole stack, per test file; two at a time suit two cores.
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: process.env.CI ? ["default", ["json", { outputFile: ".local/test-report.json" }]] : ["default"],
  },
});
