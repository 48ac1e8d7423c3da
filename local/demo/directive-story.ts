import type { SupabaseClient } from "@supabase/supabase-js";
import type {
  ExecHandoffAnswer,
  ExecSessionAnswer,
  ProblemBody,
  QualityCheckpointAnswer,
} from "../../types/contracts/index.ts";
import type { Narrator } from "./narrator.ts";

const SD = "SD-DEMO-001";

/** A directive from start to accepted hand-off, with a failure, a retry and a rejected hand-off in between. */
export async function directiveStory(
  narrator: Narrator,
  admin: SupabaseClient,
  keys: { builder: string; verifier: string },
): Promise<void> {
  const builder = { key: keys.builder, label: "builder-1" };
  const successor = { key: keys.builder, label: "builder-2" };
  const verifier = { key: keys.verifier, label: "verifier" };

  narrator.chapter(`${SD}: Sign in with a passkey`);
  const { error } = await admin.from("strategic_directives_v2").insert({
    ...{ id: SD, sd_key: SD, title: "Sign in with a passkey", status: "active", category: "feature" },
    ...{ priority: "high", description: "-", rationale: "-", scope: "-", sequence_rank: 1 },
    current_phase: "EXEC_IMPLEMENTATION",
  });
  if (error) throw new Error(`the directive was not made: ${error.message}`);

  const started = await narrator.call<ExecSessionAnswer>(
    builder,
    "POST exec-sessions",
    { sd_id: SD, implementation_type: "AUTHENTICATION" },
    201,
    ({ attempt, checkpoints }) =>
      `starts: attempt ${attempt}, gates ${checkpoints.map(({ checkpoint_name }) => checkpoint_name).join(", ")}`,
  );
  const sessionUrl = `exec-sessions/${started.session.id}`;
  const [first, ...others] = started.checkpoints;

  const pass = (by: typeof builder, checkpoint: typeof first, score: number) =>
    narrator.call<QualityCheckpointAnswer>(
      by,
      `POST quality-checkpoints/${checkpoint?.id}/complete`,
      { score },
      200,
      (answer) => `passes ${answer.checkpoint.checkpoint_name} with ${score}`,
    );
  await pass(builder, first, 91);
  await narrator.call<ProblemBody & { checkpoints?: { checkpoint_name: string }[] }>(
    builder,
    `POST ${sessionUrl}/complete`,
    {},
    409,
    ({ code, checkpoints = [] }) =>
      `wants to complete: refused (${code}), ${checkpoints.map((gate) => gate.checkpoint_name).join(" and ")} missing`,
  );
  await narrator.call(
    builder,
    `POST ${sessionUrl}/fail`,
    { reason: "the build machine is gone" },
    200,
    () => "fails: the build machine is gone",
  );
  await narrator.call<ExecSessionAnswer>(
    successor,
    `POST ${sessionUrl}/retry`,
    {},
    200,
    ({ attempt }) => `takes over: attempt ${attempt}, what was passed stays passed`,
  );
  await narrator.call<ProblemBody>(
    builder,
    `POST ${sessionUrl}/complete`,
    { attempt: 1 },
    412,
    ({ code }) => `comes back from the dead: refused (${code})`,
  );
  for (const [index, checkpoint] of others.entries()) await pass(successor, checkpoint, 84 + index * 9);
  await narrator.call<ExecSessionAnswer>(
    successor,
    `POST ${sessionUrl}/complete`,
    { attempt: 2 },
    200,
    ({ session }) => `completes: quality ${session.quality_score}, security ${session.security_score}`,
  );

  const { handoff } = await narrator.call<ExecHandoffAnswer>(
    successor,
    "POST exec-handoffs",
    {
      session_id: started.session.id,
      implementation_summary: "Passkeys beside passwords.",
      deliverables_manifest: ["src/passkeys"],
    },
    201,
    () => "prepares the hand-off",
  );
  const handoffUrl = `exec-handoffs/${handoff.id}`;
  const send = async (again: string) => {
    await narrator.call(successor, `POST ${handoffUrl}/ready`, {}, 200, () => `is ready${again}`);
    await narrator.call(successor, `POST ${handoffUrl}/send`, {}, 200, () => `sends it${again}`);
  };
  await send("");
  await narrator.call<ProblemBody>(
    successor,
    `POST ${handoffUrl}/accept`,
    {},
    409,
    ({ code }) => `accepts its own work: refused (${code})`,
  );
  const why = "no way back to the password when the passkey is lost";
  await narrator.call(verifier, `POST ${handoffUrl}/reject`, { reason: why }, 200, () => `rejects: ${why}`);
  await narrator.call<ExecSessionAnswer>(
    successor,
    `POST ${sessionUrl}/reopen`,
    {},
    200,
    ({ attempt }) => `reopens the session: attempt ${attempt}`,
  );
  await narrator.call(successor, `POST ${sessionUrl}/complete`, { attempt: 3 }, 200, () => "completes it again");
  await narrator.call(successor, `POST ${handoffUrl}/revise`, {}, 200, () => "revises the hand-off");
  await send(" again");
  await narrator.call(verifier, `POST ${handoffUrl}/accept`, {}, 200, () => "accepts");

  await tellHistory(narrator, admin);
}

/** What the database recorded of it, and where the directive stands. */
async function tellHistory(narrator: Narrator, admin: SupabaseClient): Promise<void> {
  const { data: moves, error } = await admin
    .from("state_transitions")
    .select("machine, from_status, to_status, actor")
    .eq("sd_id", SD)
    .order("id");
  if (error) throw new Error(`the history was not read: ${error.message}`);
  const { data: directive } = await admin.from("strategic_directives_v2").select().eq("id", SD).single();
  narrator.tell(
    `The history has ${moves.length} moves, by ${[...new Set(moves.map(({ actor }) => actor))].join(", ")}. ` +
      `${SD} is in ${directive.current_phase}, at ${directive.progress_percentage} %.`,
  );
}
