import {
  moveExecHandoff,
  prepareExecHandoff,
  rejectExecHandoff,
  updateExecHandoff,
} from "../../types/contracts/exec-handoffs.ts";
import { edgeFunction } from "../_shared/edge-function.ts";
import { events, transition } from "../_shared/transition.ts";

/** The events of a hand-off, each with the evidence it takes. The database holds the rules. */
export default edgeFunction({
  name: "exec-handoffs",
  callers: "operators",
  routes: {
    "POST /": transition("prepare", "prepare_handoff", prepareExecHandoff, 201),
    "PATCH /:id": transition("update", "update_handoff", updateExecHandoff),
    ...events<"handoff">("/:id", "move_handoff", {
      ready: moveExecHandoff,
      revise: moveExecHandoff,
      send: moveExecHandoff,
      accept: moveExecHandoff,
      reject: rejectExecHandoff,
    }),
  },
});
