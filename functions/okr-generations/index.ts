import { completeOkrGeneration, failOkrGeneration, startOkrGeneration } from "../../types/contracts/okr-generations.ts";
import { edgeFunction } from "../_shared/edge-function.ts";
import { events, transition } from "../_shared/transition.ts";

/** The events of an OKR generation, each with the evidence it takes. The database holds the rules. */
export default edgeFunction({
  name: "okr-generations",
  callers: "operators",
  routes: {
    "POST /": transition("start", "start_okr_generation", startOkrGeneration, 201),
    ...events<"okr_generation">("/:id", "move_okr_generation", {
      complete: completeOkrGeneration,
      fail: failOkrGeneration,
    }),
  },
});
