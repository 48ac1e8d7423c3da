import { problemsOfCheckpoints } from "./checkpoints.ts";
import { problemsOfGenerations } from "./generations.ts";
import { problemsOfHandoffs } from "./handoffs.ts";
import { problemsOfMetrics } from "./metrics.ts";
import type { Problem } from "./problem.ts";
import { problemsOfRest } from "./rest.ts";
import { problemsOfRuns } from "./runs.ts";
import { problemsOfSessions } from "./sessions.ts";

export type { Problem } from "./problem.ts";
export { plantFullDirective, plantSilentSessionWithoutRoom } from "./sessions.ts";

/** Everything that the doctor knows, at least one way to it each. */
export const problems: Problem[] = [
  ...problemsOfRuns,
  ...problemsOfGenerations,
  ...problemsOfSessions,
  ...problemsOfCheckpoints,
  ...problemsOfHandoffs,
  ...problemsOfMetrics,
  ...problemsOfRest,
];
