import { afterEach, expect, inject, test } from "vitest";
import { type EdgeFunctions, startEdgeFunctions } from "../../local/edge-functions.ts";
import { expectProblem } from "./support/problems.ts";
import { type SilentDatabase, silences, startSilentDatabase } from "./support/silent-database.ts";

let database: SilentDatabase | undefined;
let functions: EdgeFunctions | undefined;

afterEach(async () => {
  await functions?.stop();
  await database?.close();
  functions = undefined;
  database = undefined;
});

test.each(silences)("a database that falls silent %s is given up on", async (silence) => {
  database = await startSilentDatabase(silence);
  const duringTls = silence === "in the middle of the TLS handshake";
  const sslmode = duringTls ? "require" : "disable";
  functions = await startEdgeFunctions({
    supabaseUrl: "http://127.0.0.1:1",
    databaseUrl: `postgresql://postgres:anything@127.0.0.1:${database.port}/postgres?sslmode=${sslmode}`,
    secrets: inject("secrets"),
    driver: inject("driver"),
    // Only the limit of connecting can end it: without it this would take a minute.
    env: { LEO_DB_CONNECT_TIMEOUT_MS: "150", LEO_DB_ACQUIRE_TIMEOUT_MS: "60000", LEO_DB_POOL_SIZE: "2" },
  });
  const health = `http://127.0.0.1:${functions.port}/functions/v1/health`;
  for (let round = 0; round < 3; round += 1) {
    const answers = await Promise.all([fetch(health), fetch(health)]);
    for (const answer of answers) {
      expect(answer.headers.get("retry-after")).toMatch(/^\d+$/);
      await expectProblem(answer, "database_unavailable");
    }
  }
  expect(database.accepted()).toBeGreaterThanOrEqual(6);
  // Deno itself keeps a socket whose TLS handshake never ends, and says nothing to it: one for each attempt, until
  // the other side hangs up.
  if (!duringTls) await expect.poll(() => database?.held()).toBe(0);
});
