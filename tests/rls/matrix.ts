import type { PersonName } from "./support/cast.ts";

/**
 * What a person may do with the rows of a table, by whose they are:
 *
 * - `denied`: nothing, for want of a grant: `permission denied for table …` (42501)
 * - `none`: no row, by policy: reads, changes and deletes nothing, without an error; an insert fails (42501)
 * - `all`: every row
 * - else whose rows these are: those of the companies `A`, `B`; of memberships, the person that they are about
 *
 * What an update writes has to be among the rows that may be inserted.
 */
export type Rows = "denied" | "none" | "all" | "A" | "B" | "A B" | PersonName;

/** What is read, inserted, updated and deleted. */
export type Cells = readonly [selected: Rows, inserted: Rows, updated: Rows, deleted: Rows];

export const verbs = ["select", "insert", "update", "delete"] as const;

export type Person = Exclude<PersonName, "memberOfC">;

const nothing: Cells = ["denied", "denied", "denied", "denied"];
const everything: Cells = ["all", "all", "all", "all"];
const read = (rows: Rows): Cells => [rows, "denied", "denied", "denied"];
const readAndWrite = (rows: Rows): Cells => [rows, rows, rows, rows];

/** Read by everybody who is signed in, whatever they belong to; an operator's events go through the functions. */
const readByUsers = {
  anon: nothing,
  stranger: read("all"),
  memberOfA: read("all"),
  inactiveInA: read("all"),
  undecidedInA: read("all"),
  memberOfB: read("all"),
  memberOfAB: read("all"),
  operator: read("all"),
  mintedOperator: read("all"),
  service: everything,
} as const satisfies Record<Person, Cells>;

/** Read by who has active access to the company that a row belongs to. */
const readByMembers = {
  anon: nothing,
  stranger: read("none"),
  memberOfA: read("A"),
  inactiveInA: read("none"),
  undecidedInA: read("none"),
  memberOfB: read("B"),
  memberOfAB: read("A B"),
  operator: read("none"),
  mintedOperator: read("none"),
  service: everything,
} as const satisfies Record<Person, Cells>;

/** The same, of what only the database itself writes. */
const keptForMembers = { ...readByMembers, service: read("all") };

/** Every table of schema public. */
export const matrix: Record<string, Record<Person, Cells>> = {
  strategic_vision: readByUsers,
  strategic_directives_v2: readByUsers,
  product_requirements_v2: readByUsers,
  exec_implementation_sessions: readByUsers,
  exec_quality_checkpoints: readByUsers,
  exec_handoff_preparations: readByUsers,
  okr_generation_log: readByUsers,
  // The one table that the documents show to who is not signed in.
  telemetry_analysis_runs: { ...readByUsers, anon: read("all") },
  // The history: written by trigger, and by nobody else.
  state_transitions: { ...readByUsers, service: read("all") },

  orchestration_daily_summaries: keptForMembers,
  orchestration_stale_days: keptForMembers,
  orchestration_summary_progress: { ...readByUsers, service: read("all") },

  companies: readByMembers,
  ventures: readByMembers,
  eva_orchestration_sessions: readByMembers,
  user_company_access: {
    anon: nothing,
    stranger: read("none"),
    memberOfA: read("memberOfA"),
    // Everybody sees what there is about himself, also that it does not count.
    inactiveInA: read("inactiveInA"),
    undecidedInA: read("undecidedInA"),
    memberOfB: read("memberOfB"),
    memberOfAB: read("memberOfAB"),
    operator: read("none"),
    mintedOperator: read("none"),
    service: everything,
  },
  orchestration_metrics: {
    anon: nothing,
    stranger: readAndWrite("none"),
    memberOfA: readAndWrite("A"),
    inactiveInA: readAndWrite("none"),
    undecidedInA: readAndWrite("none"),
    memberOfB: readAndWrite("B"),
    memberOfAB: readAndWrite("A B"),
    operator: readAndWrite("none"),
    mintedOperator: readAndWrite("none"),
    service: everything,
  },
};

/** Every view of schema public, with who reads it; a view shows all that its tables show, and is written by nobody. */
export const views: Record<string, Record<Person, "denied" | "all">> = Object.fromEntries(
  [
    "session_overview",
    "checkpoint_gaps",
    "handoff_turnarounds",
    "sd_timeline",
    "telemetry_findings",
    "okr_history",
  ].map((view) => [
    view,
    {
      anon: "denied",
      stranger: "all",
      memberOfA: "all",
      inactiveInA: "all",
      undecidedInA: "all",
      memberOfB: "all",
      memberOfAB: "all",
      operator: "all",
      mintedOperator: "all",
      service: "all",
    },
  ]),
);
