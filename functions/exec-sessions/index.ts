import { completeExecSession, startExecSession } from "../../types/contracts/exec-sessions.ts";
import { edgeFunction, json } from "../_shared/edge-function.ts";

/** The events of an implementation session, each with the evidence it takes. The database holds the rules. */
export default edgeFunction({
  name: "exec-sessions",
  callers: "operators",
  routes: {
    "POST /": {
      event: "start",
      async handle(exchange) {
        const evidence = JSON.stringify(await exchange.body(startExecSession));
        return json(await exchange.transition("select leo.start_exec_session($1::jsonb, $2::jsonb)", [evidence]), 201);
      },
    },
    "POST /:id/complete": {
      event: "complete",
      async handle(exchange) {
        const id = exchange.uuid("id");
        const evidence = JSON.stringify(await exchange.body(completeExecSession));
        const statement = "select leo.complete_exec_session($1::uuid, $2::jsonb, $3::jsonb)";
        return json(await exchange.transition(statement, [id, evidence]));
      },
    },
  },
});
