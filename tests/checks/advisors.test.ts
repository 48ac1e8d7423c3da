import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { advise, type Finding, listedExceptions, unexplained } from "../../local/advisors.ts";
import { repositoryRoot } from "../../local/paths.ts";
import { createTestDatabase } from "../support/database.ts";

async function findingsAt(migratedTo?: string): Promise<Finding[]> {
  const database = await createTestDatabase({ migratedTo });
  try {
    return await advise(database.url);
  } finally {
    await database.drop();
  }
}

/** How many findings there are of each rule; one that both advisors have counts once. */
function countByRule(findings: Finding[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of new Set(findings.map(({ rule, detail }) => `${rule} ${detail}`))) {
    const rule = name.split(" ", 1)[0] as string;
    counts[rule] = (counts[rule] ?? 0) + 1;
  }
  return counts;
}

test("the advisors warn of the policies as the documents have them, and of nothing once those are hardened", async () => {
  const migrations = await readdir(join(repositoryRoot, "supabase", "migrations"));
  const baseline = migrations
    .filter((name) => name.startsWith("20260301"))
    .at(-1)
    ?.slice(0, 14);
  const documented = (await findingsAt(baseline)).filter(({ level }) => level !== "INFO");
  expect(countByRule(documented)).toEqual({
    auth_rls_initplan: 4,
    multiple_permissive_policies: 6,
    rls_policy_always_true: 3,
  });
  expect((await findingsAt()).filter(({ level }) => level !== "INFO")).toEqual([]);
});

test("what stays has its reason, and a reason without a finding is called out", async () => {
  const exceptions = await listedExceptions();
  const [finding] = [{ level: "INFO", rule: "unused_index", detail: "Index `x` has not been used" }];
  for (const { reason } of exceptions) expect(reason.length).toBeGreaterThan(40);
  expect(unexplained([finding as Finding], exceptions.slice(0, 1))).toEqual([]);
  expect(unexplained([finding as Finding], exceptions)).toHaveLength(exceptions.length - 1);
  expect(unexplained([{ ...(finding as Finding), level: "WARN" }], exceptions.slice(0, 1))).toHaveLength(2);
  expect(unexplained([finding as Finding], [])).toEqual(["INFO unused_index: Index `x` has not been used"]);
});
