import fc from "fast-check";

/** What a step is about: a machine's rows, time that passes, or a request that is sent again. */
export const subjects = [
  "sessions",
  "checkpoints",
  "handoffs",
  "runs",
  "generations",
  "others",
  "time",
  "again",
] as const;

/** One step of a walk; what exactly it does depends on what is there by then. */
export interface Step {
  about: (typeof subjects)[number];
  /** Which of the moves that fit, as a number that is wrapped around. */
  pick: number;
  /**
   * `new`: of all that would be carried out, whatever it is about, the operation seen least; `legal`: of the subject
   * what would be carried out; `any`: of the subject also what would be refused.
   */
  mode: "new" | "legal" | "any";
  actor: number;
  attempt: "none" | "present" | "other";
  /** Whether it carries an Idempotency-Key. */
  keyed: boolean;
}

const weighted = <T>(weights: [weight: number, value: T][]) =>
  fc.oneof(...weights.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) })));

const step: fc.Arbitrary<Step> = fc.record({
  about: weighted<Step["about"]>([
    [6, "sessions"],
    [6, "checkpoints"],
    [8, "handoffs"],
    [8, "runs"],
    [3, "generations"],
    [2, "others"],
    [3, "time"],
    [2, "again"],
  ]),
  pick: fc.nat({ max: 10_000 }),
  mode: weighted<Step["mode"]>([
    [8, "new"],
    [2, "legal"],
    [3, "any"],
  ]),
  actor: fc.nat({ max: 3 }),
  attempt: weighted<Step["attempt"]>([
    [4, "none"],
    [3, "present"],
    [1, "other"],
  ]),
  keyed: fc.boolean(),
});

/** Walks that are long enough to come from a start to an accepted hand-off. */
export const walks = (length: number): fc.Arbitrary<Step[]> =>
  fc.noBias(fc.array(step, { minLength: 1, maxLength: length, size: "max" }));
