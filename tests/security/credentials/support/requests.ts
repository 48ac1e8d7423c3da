import { randomUUID } from "node:crypto";
import { type Operation, operations } from "../../../../types/contracts/operations.ts";
import { stateMachines } from "../../../../types/state-machines.ts";
import type { Machine } from "../../../machines/support/machines.ts";
import type { TestDatabase } from "../../../support/database.ts";
import type { TestStack } from "../../../support/stack.ts";
import type { Credential } from "./credential.ts";

/** A request that succeeds where the caller may make it: there is an entity in the state that it is for. */
export interface Request {
  operation: Operation;
  /** Such as `POST exec-sessions/:id/pause`. */
  name: string;
  /** Below /functions/v1, with the entity's id. */
  path: string;
  body: Record<string, unknown> | undefined;
}

/** The state machine that each function drives. */
const machineOf: Record<string, keyof typeof stateMachines> = {
  "exec-sessions": "exec_session",
  "quality-checkpoints": "quality_checkpoint",
  "exec-handoffs": "handoff",
  "telemetry-runs": "telemetry_run",
  "okr-generations": "okr_generation",
};

/** What the functions take that drive none. */
const bodies: Record<string, (company: string) => Record<string, unknown>> = {
  "orchestration-metrics": (company) => ({ metrics: [{ company_id: company, action_count: 1 }] }),
  "telemetry-analyzer": () => ({ limit: 1 }),
};

/** What PATCH takes, by machine. */
const updates: Record<string, Record<string, unknown>> = {
  exec_session: { implementation_progress: 40 },
  handoff: { implementation_summary: "What was built after all" },
};

/** Where the path's last part is not the event's name. */
const eventAt: Record<string, string> = { sweep: "time_out" };

/**
 * One request for every operation that asks for credentials, with what it needs in the database. To be made in
 * this order: those that pick their rows themselves come last, as they would pick those of others.
 */
export async function seedRequests(database: TestDatabase, machines: Record<string, Machine>): Promise<Request[]> {
  const company = randomUUID();
  await database.query("insert into public.companies (id, name) values ($1, 'A company')", [company]);
  const requests: Request[] = [];
  for (const operation of operations.filter(({ callers }) => callers !== "anyone")) {
    const name = machineOf[operation.function];
    const made: { id?: string; body: Record<string, unknown> | undefined } =
      name === undefined
        ? { body: bodies[operation.function]?.(company) }
        : await seedFor(operation, name, machines[name] as Machine);
    const path = `${operation.function}${operation.path.replace(/:\w+/, made.id ?? "")}`.replace(/\/$/, "");
    requests.push({ operation, name: `${operation.method} ${operation.function}${operation.path}`, path, ...made });
  }
  const picks = ({ operation }: Request) => Number(!operation.path.includes(":"));
  return requests.sort((one, other) => picks(one) - picks(other));
}

async function seedFor(
  { method, path }: Operation,
  name: keyof typeof stateMachines,
  machine: Machine,
): Promise<{ id?: string; body: Record<string, unknown> | undefined }> {
  const [creation] = Object.values(machine.creations);
  if (path === "/" && creation) return { body: await creation.body() };
  const transitions: readonly { event: string; from: string | null; to: string }[] = stateMachines[name].transitions;
  if (method === "PATCH") {
    const first = transitions.find(({ from }) => from === null);
    return { id: await machine.seed(first?.to ?? ""), body: updates[name] };
  }
  const last = path.split("/").at(-1) ?? "";
  const event = eventAt[last] ?? last;
  const from = transitions.find((transition) => transition.event === event)?.from;
  if (!from || !machine.events[event]) throw new Error(`nobody knows what ${method} ${path} of ${name} needs`);
  return { id: await machine.seed(from, event), body: machine.events[event].body };
}

/** Makes a request with somebody's credentials. */
export function send(
  { url }: TestStack,
  { operation, path, body }: Request,
  { headers, query = "" }: Pick<Credential, "headers" | "query">,
  key?: string,
): Promise<Response> {
  return fetch(`${url}/functions/v1/${path}${query}`, {
    method: operation.method,
    headers: {
      ...headers,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(key === undefined ? {} : { "idempotency-key": key }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
}
