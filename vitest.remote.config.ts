import { defineConfig } from "vitest/config";

// `npm run test:remote`: the tests that need no more than HTTP and a database connection, see docs/ci.md.
export default defineConfig({
  test: {
    include: [
      // Every state machine, every event in every state.
      "tests/machines/*.test.ts",
      "tests/functions/{exec-sessions,idempotency,requests}.test.ts",
      "tests/client/{credentials,errors,operations}.test.ts",
      // What PostgREST and Auth answer, and what row level security lets whom see and do.
      "tests/local/data-api.test.ts",
      "tests/dashboards/*.test.ts",
      "tests/rls/{matrix,counts,metrics-moves,metrics-writes,own-access,queries,refused-queries}.test.ts",
      "tests/rls/{schemas,tenants,unfiltered-writes}.test.ts",
    ],
    globalSetup: ["tests/support/remote/setup.ts"],
    setupFiles: ["tests/support/leak-watch-setup.ts"],
    pool: "forks",
    // One database for all, which each file empties first.
    fileParallelism: false,
    // The project may be far away, and its Auth lets in only so many at once.
    testTimeout: 60_000,
    hookTimeout: 360_000,
    reporters: ["default"],
  },
});
