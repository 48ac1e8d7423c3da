/** Somebody else's program: compiled and run where nothing is but the installed package and its peers. */

import { createClient } from "@supabase/supabase-js";
import { ControlPlaneError, createControlPlane, type Database } from "leo-control-plane";
import { startExecSession } from "leo-control-plane/contracts";
import { type ExecSessionStatus, stateMachines, type Tables } from "leo-control-plane/types";

/** Set by the test; `process.env` and `Deno.env` are one in Deno. */
const { SUPABASE_URL = "", BUILDER_KEY = "", VERIFIER_KEY = "", SD_ID = "" } = process.env;

const options = { auth: { persistSession: false, autoRefreshToken: false } };
const supabase = createClient<Database>(SUPABASE_URL, BUILDER_KEY, options);
const builder = createControlPlane(supabase, { actor: "builder-3", attempts: 3 });
const verifier = createControlPlane(createClient<Database>(SUPABASE_URL, VERIFIER_KEY, options));

const request = startExecSession.parse({ sd_id: SD_ID, implementation_type: "API_ENDPOINT" });
const { session, checkpoints, attempt } = await builder.sessions.start(request);

let incomplete: string[] = [];
try {
  await builder.sessions.complete(session.id, { attempt });
} catch (error) {
  if (!(error instanceof ControlPlaneError && error.is("gates_incomplete"))) throw error;
  incomplete = error.problem.checkpoints.map((checkpoint) => checkpoint.checkpoint_name);
}

for (const checkpoint of checkpoints) await builder.checkpoints.complete(checkpoint.id, { attempt, score: 90 });
const { session: completed } = await builder.sessions.complete(session.id, { attempt });
const status: ExecSessionStatus = completed.status;

const { handoff } = await builder.handoffs.prepare({
  session_id: session.id,
  implementation_summary: "Built and tested",
  deliverables_manifest: ["src/api.ts"],
});
await builder.handoffs.ready(handoff.id, {}, { idempotencyKey: process.env.JOB_ID });
await builder.handoffs.send(handoff.id);

let allowed: string[] = [];
try {
  await verifier.handoffs.ready(handoff.id);
} catch (error) {
  if (!(error instanceof ControlPlaneError && error.code === "illegal_transition")) throw error;
  allowed = error.problem.allowed;
}
const { handoff: accepted } = await verifier.handoffs.accept(handoff.id);

// Reads are plain supabase-js.
const { data } = await supabase.from("exec_implementation_sessions").select().eq("id", session.id).single();
const row: Tables<"exec_implementation_sessions"> | null = data;

console.log(
  JSON.stringify({
    incomplete: incomplete.length === checkpoints.length,
    known: stateMachines.exec_session.statuses.includes(status),
    status,
    allowed,
    handoff: accepted.handoff_status,
    score: row?.quality_score,
  }),
);
