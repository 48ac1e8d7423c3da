/** OKR generations that are wrong. */

import { insert } from "../support.ts";
import { farAhead, generations, type Problem } from "./problem.ts";

let months = 0;

/** A month that no other generation is for. */
const newPeriod = () => {
  months += 1;
  return `${2001 + Math.floor(months / 12)}-${String((months % 12) + 1).padStart(2, "0")}`;
};

/** A generation of a month of its own that only these columns make wrong. */
const generation = (problem: string, values: Record<string, string>, says: RegExp): Problem => ({
  problem,
  table: generations,
  plant: async (database) => [
    await insert(database, `public.${generations}`, {
      generation_date: "current_date",
      period: `'${newPeriod()}'`,
      status: "'failed'",
      ...values,
    }),
  ],
  says,
});

/** Two generations of one month, the second of which has to go. */
const takenPeriod = (status: string): Problem => ({
  problem: "generation_of_period_taken",
  table: generations,
  variant: status,
  async plant(database) {
    const values = { generation_date: "current_date", period: `'${newPeriod()}'` };
    await insert(database, `public.${generations}`, { ...values, created_at: "now() - interval '1 hour'" });
    return [await insert(database, `public.${generations}`, { ...values, status: `'${status}'` })];
  },
  says: /beside generation .* of the same period 20\d\d-\d\d$/,
});

export const problemsOfGenerations: Problem[] = [
  generation(
    "generation_running_too_long",
    { status: "'running'", created_at: "now() - interval '25 hours'" },
    /^running since/,
  ),
  generation(
    "generation_times_out_of_range",
    { status: "'running'", created_at: "'infinity'" },
    /^created_at is infinity$/,
  ),
  generation("generation_times_out_of_range", { generation_date: "'-infinity'" }, /^generation_date is -infinity$/),
  generation(
    "generation_times_out_of_range",
    { generation_date: "current_date + 400", created_at: farAhead },
    /^generation_date is 2.* and created_at is 2/,
  ),
  takenPeriod("completed"),
  takenPeriod("running"),
  generation("generation_without_status", { status: "null" }, /^has no status/),
  generation("generation_period_malformed", { period: "'2026-13'" }, /^period is '2026-13'/),
  generation("generation_counts_contradict", { top_down_count: "2", total_krs_generated: "3" }, /^2 .* 0 .* make 3$/),
  generation("generation_counts_contradict", { top_down_count: "-2", total_krs_generated: "-2" }, /^-2 top-down/),
  generation(
    "generation_ratios_contradict",
    { status: "'completed'", top_down_count: "1", bottom_up_count: "1", total_krs_generated: "2" },
    /^ratios 0\.40 and 0\.60 of 1 top-down/,
  ),
  generation("generation_ratios_contradict", { status: "'completed'", top_down_ratio: "0.9" }, /^ratios 0\.90/),
];
