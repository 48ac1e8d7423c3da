import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    globalSetup: ["tests/support/global-setup.ts"],
    // Looks through every response and log line of every test file.
    setupFiles: ["tests/support/leak-watch-setup.ts"],
    // A database, and where a file needs it a whole stack, per test file; two at a time suit two cores.
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: process.env.CI ? ["default", ["json", { outputFile: ".local/test-report.json" }]] : ["default"],
  },
});
