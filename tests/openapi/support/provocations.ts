/** How to get refused, in each way that a healthy stack has. */

import { randomUUID } from "node:crypto";
import { MAX_BODY_BYTES } from "../../../types/contracts/json.ts";
import type { ProblemCode } from "../../../types/contracts/problems.ts";
import { createDirective } from "../../functions/support/directives.ts";
import type { Api } from "../../machines/support/api.ts";
import type { Machine } from "../../machines/support/machines.ts";

type Provocation = (api: Api, machines: Record<string, Machine>) => Promise<Response>;

const start = async ({ stack, post }: Api) => {
  const sd_id = await createDirective(stack.database);
  const body = { sd_id, implementation_type: "API_ENDPOINT", quality_gates: ["unit tests"] };
  const { session } = (await (await post("exec-sessions", body)).json()) as { session: { id: string } };
  return { id: session.id, body };
};

const seeded = (machines: Record<string, Machine>, machine: string, state: string) =>
  (machines[machine] as Machine).seed(state);

/** One request for each problem that is not about a server in trouble. */
export const provocations: Partial<Record<ProblemCode, Provocation>> = {
  invalid_json: ({ stack }) => stack.call("exec-sessions", { body: '{"sd_id": "SD-2026-015"' }),
  invalid_request: ({ post }) => post("exec-sessions", { sd_id: "SD-2026-015", implementation_type: "APP", by: "me" }),
  unauthenticated: ({ stack }) => stack.call("exec-sessions", { headers: {} }),
  forbidden: async ({ stack }) => {
    const token = await stack.mintToken({ sub: randomUUID() });
    return stack.call("exec-sessions", { headers: { apikey: stack.publishableKey, authorization: `Bearer ${token}` } });
  },
  not_found: ({ post }) => post(`exec-sessions/${randomUUID()}/pause`),
  illegal_transition: async ({ post }, machines) =>
    post(`exec-sessions/${await seeded(machines, "exec_session", "paused")}/complete`),
  gates_incomplete: async (api) => api.post(`exec-sessions/${(await start(api)).id}/complete`),
  session_exists: async (api) => api.post("exec-sessions", (await start(api)).body),
  handoff_open: async ({ post, row }, machines) => {
    const { session_id } = await row("exec_handoff_preparations", await seeded(machines, "handoff", "preparing"));
    return post("exec-handoffs", { session_id, implementation_summary: "Rate limits per key." });
  },
  generation_exists: async ({ post }) => {
    await post("okr-generations", { period: "2031-04" });
    return post("okr-generations", { period: "2031-04" });
  },
  status_taken: async (api, machines) => {
    const failed = await seeded(machines, "exec_session", "failed");
    const { sd_id } = await api.row("exec_implementation_sessions", failed);
    const [active] = await api.stack.database.query<{ id: string }>(
      `insert into public.exec_implementation_sessions (sd_id, implementation_type)
       values ($1, 'API_ENDPOINT') returning id`,
      [sd_id],
    );
    return api.post(`exec-sessions/${active?.id}/fail`, { reason: "the build host ran out of disk space" });
  },
  same_actor: async ({ post }, machines) => {
    const id = await seeded(machines, "handoff", "ready");
    await post(`exec-handoffs/${id}/send`);
    return post(`exec-handoffs/${id}/accept`);
  },
  stale_attempt: async ({ post }, machines) =>
    post(`exec-sessions/${await seeded(machines, "exec_session", "active")}/pause`, { attempt: 7 }),
  payload_too_large: ({ post }) => post("exec-sessions", { sd_id: "x".repeat(MAX_BODY_BYTES) }),
  unsupported_media_type: ({ stack }) =>
    stack.call("exec-sessions", {
      headers: { apikey: stack.secretKey, "content-type": "text/plain" },
      body: '{"sd_id": "SD-2026-015"}',
    }),
  idempotency_mismatch: async ({ post }) => {
    const once = { headers: { "idempotency-key": "OKRs of 2031-05" } };
    await post("okr-generations", { period: "2031-05" }, once);
    return post("okr-generations", { period: "2031-06" }, once);
  },
};
