import { defineConfig } from "vitest/config";

// `npm run test:remote`: the tests that need no more than HTTP and a database connection, see docs/ci.md.
export default defineConfig({
  test: {
    include: [
      // Every state machine, every event in every state, and what happens when several come at once.
      "tests/machines/*.test.ts",
      "tests/transitions/*.test.ts",
      "tests/triggers/*.test.ts",
      "tests/races/*.test.ts",
      "tests/sweep/*.test.ts",
      // The edge functions, and the client.
      "tests/functions/{contracts,exec-sessions,idempotency,mask-secrets,metric-ranges,requests}.test.ts",
      "tests/client/{credentials,errors,lost-answers,operations}.test.ts",
      "tests/security/secrets/{every-writer,mask-secrets}.test.ts",
      // What PostgREST and Auth answer, and what row level security lets whom see and do.
      "tests/local/data-api.test.ts",
      "tests/rls/*.test.ts",
      "tests/schema/privileges.test.ts",
      "tests/conformance/head.test.ts",
      // What is read.
      "tests/dashboards/*.test.ts",
      "tests/summaries/*.test.ts",
      "tests/studio/*.test.ts",
    ],
    exclude: [
      // They mint tokens with the project's own key.
      "tests/rls/{access-changes,tenants-function}.test.ts",
      // The Data API has to read tables that the test makes.
      "tests/rls/later-migrations.test.ts",
      // They take the superuser's rights, or a stand-in for pg_cron.
      "tests/transitions/superuser.test.ts",
      "tests/sweep/schedule.test.ts",
      // A hundred connections.
      "tests/races/telemetry-queue.test.ts",
      // Millions of rows.
      "tests/summaries/plans.test.ts",
    ],
    globalSetup: ["tests/support/remote/setup.ts"],
    setupFiles: ["tests/support/leak-watch-setup.ts"],
    pool: "forks",
    // One database for all, which each file empties first.
    fileParallelism: false,
    // The project may be far away, and its Auth lets in only so many at once.
    testTimeout: 60_000,
    hookTimeout: 360_000,
    // Vitest leaves when this is over, and giving the project back waits 20 s for a lock if it has to.
    teardownTimeout: 120_000,
    reporters: ["default"],
  },
});
