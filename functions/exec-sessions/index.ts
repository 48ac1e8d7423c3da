import {
  completeExecSession,
  endExecSession,
  moveExecSession,
  startExecSession,
  updateExecSession,
} from "../../types/contracts/exec-sessions.ts";
import { edgeFunction } from "../_shared/edge-function.ts";
import { events, transition } from "../_shared/transition.ts";

/** The events of an implementation session, each with the evidence it takes. The database holds the rules. */
export default edgeFunction({
  name: "exec-sessions",
  callers: "operators",
  routes: {
    "POST /": transition("start", "start_exec_session", startExecSession, 201),
    "PATCH /:id": transition("update", "update_exec_session", updateExecSession),
    "POST /:id/complete": transition("complete", "complete_exec_session", completeExecSession),
    ...events<"exec_session">("/:id", "move_exec_session", {
      pause: moveExecSession,
      resume: moveExecSession,
      fail: endExecSession,
      cancel: endExecSession,
      retry: moveExecSession,
      reopen: moveExecSession,
    }),
  },
});
