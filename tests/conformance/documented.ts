import checkpointFacts from "./checkpoint-facts.json" with { type: "json" };
import documentFacts from "./facts.json" with { type: "json" };
import type { Facts } from "./facts.ts";

/** The last migration that only recreates what is documented. */
export const lastBaselineMigration = "20260301000700";

/** Tables that the documented ones refer to. A project may have them in another form, so they are not compared. */
export const referenceTables = [
  "companies",
  "eva_orchestration_sessions",
  "product_requirements_v2",
  "strategic_directives_v2",
  "strategic_vision",
  "user_company_access",
  "ventures",
] as const;

const { note: _, ...checkpoints } = checkpointFacts;

/** The facts of all documented tables. */
export const documentedFacts = { ...documentFacts, ...checkpoints } as Facts;
