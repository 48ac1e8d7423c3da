import { randomUUID } from "node:crypto";
import { type MetricsRecorded, metricsRecorded } from "../../../types/contracts/orchestration-metrics.ts";
import { answerOf } from "../../machines/support/api.ts";
import type { TestStack } from "../../support/stack.ts";
import type { Cast, Company, Person } from "./cast.ts";
import { putMetric, storedMetric } from "./metrics.ts";

/** Sends rows to the edge function as a signed-in user. */
export function sendMetrics(
  stack: TestStack,
  person: Person,
  metrics: unknown[],
  headers: Record<string, string> = {},
): Promise<Response> {
  return stack.call("orchestration-metrics", {
    headers: { ...person.headers, ...headers, "content-type": "application/json" },
    body: { metrics },
  });
}

/** The same, where it has to be answered. */
export function recordMetrics(stack: TestStack, person: Person, metrics: unknown[]): Promise<MetricsRecorded> {
  return answerOf(metricsRecorded, sendMetrics(stack, person, metrics));
}

/** A way to what belongs to a company; says whether it leads somebody there. */
type Route = (person: Person, company: Company) => Promise<boolean>;

/** Every route to a company's rows, each of which tells by what is there afterwards and not by an error. */
export function routesOf(stack: TestStack, cast: Cast): Record<string, Route> {
  const { database } = cast;

  async function reads(person: Person, path: string, trace: string): Promise<boolean> {
    const response = await cast.send(person, path);
    return (await response.text()).includes(trace);
  }

  return {
    "a read of metrics": (person, { id }) => reads(person, `orchestration_metrics?company_id=eq.${id}`, id),
    "a read of ventures": (person, { id, venture }) => reads(person, `ventures?company_id=eq.${id}`, venture),
    "a read of EVA's sessions": (person, { session }) => reads(person, "eva_orchestration_sessions", session),
    "a read of companies": (person, { id, mark }) => reads(person, `companies?id=eq.${id}`, mark),
    "an embedded table": (person, { id, mark }) =>
      reads(
        person,
        `user_company_access?select=companies(ventures(name),orchestration_metrics(metadata))&company_id=eq.${id}`,
        mark,
      ),
    async "an exact count"(person, { id }) {
      const { count } = await person.client
        .from("orchestration_metrics")
        .select("*", { count: "exact", head: true })
        .eq("company_id", id);
      return count !== 0;
    },
    async "an insert"(person, { id }) {
      const metric_id = randomUUID();
      await person.client.from("orchestration_metrics").insert({ metric_id, company_id: id });
      return (await storedMetric(database, metric_id)) !== undefined;
    },
    async "an upsert"(person, company) {
      const metric_id = await putMetric(database, company);
      await person.client
        .from("orchestration_metrics")
        .upsert({ metric_id, company_id: company.id, api_calls_made: 9 });
      return (await storedMetric(database, metric_id))?.api_calls_made === 9;
    },
    async "an update"(person, company) {
      const metric_id = await putMetric(database, company);
      await person.client.from("orchestration_metrics").update({ api_calls_made: 8 }).eq("metric_id", metric_id);
      return (await storedMetric(database, metric_id))?.api_calls_made === 8;
    },
    async "a delete"(person, company) {
      const metric_id = await putMetric(database, company);
      await person.client.from("orchestration_metrics").delete().eq("metric_id", metric_id);
      return (await storedMetric(database, metric_id)) === undefined;
    },
    async "the edge function"(person, { id }) {
      const metric_id = randomUUID();
      await recordMetrics(stack, person, [{ metric_id, company_id: id }]);
      return (await storedMetric(database, metric_id)) !== undefined;
    },
    async "the edge function, with venture and session"(person, { id, venture, session }) {
      const metric_id = randomUUID();
      await recordMetrics(stack, person, [{ metric_id, company_id: id, venture_id: venture, session_id: session }]);
      return (await storedMetric(database, metric_id)) !== undefined;
    },
  };
}

/** Which routes lead a person to a company. */
export async function openRoutes(
  routes: Record<string, Route>,
  person: Person,
  company: Company,
): Promise<Record<string, boolean>> {
  const open: Record<string, boolean> = {};
  for (const [name, route] of Object.entries(routes)) open[name] = await route(person, company);
  return open;
}

/** What `openRoutes` says where all of them do, or none. */
export function every(routes: Record<string, Route>, open: boolean): Record<string, boolean> {
  return Object.fromEntries(Object.keys(routes).map((name) => [name, open]));
}
