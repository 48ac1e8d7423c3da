import { completeQualityCheckpoint, moveQualityCheckpoint } from "../../types/contracts/quality-checkpoints.ts";
import { edgeFunction } from "../_shared/edge-function.ts";
import { events } from "../_shared/transition.ts";

/** The events of a quality checkpoint, each with the evidence it takes. The database holds the rules. */
export default edgeFunction({
  name: "quality-checkpoints",
  callers: "operators",
  routes: events<"quality_checkpoint">("/:id", "move_quality_checkpoint", {
    complete: completeQualityCheckpoint,
    reopen: moveQualityCheckpoint,
    waive: moveQualityCheckpoint,
  }),
});
