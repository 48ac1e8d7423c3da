import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createControlPlane, type FunctionsCaller } from "../../types/client/index.ts";
import { createDirective } from "../functions/support/directives.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";
import { failedCall } from "./support/failed-call.ts";
import { observedClient } from "./support/observed-client.ts";

let stack: TestStack;
let operatorId: string;
let company: string;

beforeAll(async () => {
  stack = await startTestStack();
  operatorId = await stack.createUser({ email: "operator@example.com", appMetadata: { leo_role: "operator" } });
  const member = await stack.createUser({ email: "member@example.com" });
  company = randomUUID();
  await stack.database.query("insert into public.companies (id, name) values ($1, 'A company')", [company]);
  await stack.database.query(
    "insert into public.user_company_access (user_id, company_id, is_active) values ($1, $2, true)",
    [member, company],
  );
});

afterAll(() => stack.stop());

async function start(supabase: FunctionsCaller, actor?: string) {
  const sd_id = await createDirective(stack.database);
  const { session } = await createControlPlane(supabase, { actor }).sessions.start({
    sd_id,
    implementation_type: "API_ENDPOINT",
  });
  const [row] = await stack.database.query<{ actor: string; request_id: string }>(
    "select actor, request_id from public.state_transitions where entity_id = $1 and event = 'start'",
    [session.id],
  );
  return row;
}

describe("a call is made as", () => {
  test("the holder of a secret key, with the name that the client gave itself", async () => {
    const { supabase, sent } = observedClient(stack.url, stack.secretKey);
    expect(await start(supabase, "builder-3")).toMatchObject({ actor: "secret:default/builder-3" });
    expect(sent[0]?.headers.get("apikey")).toBe(stack.secretKey);
  });

  test("the operator who is signed in", async () => {
    expect(await start(await stack.signIn("operator@example.com"))).toMatchObject({ actor: `user:${operatorId}` });
  });

  test("the user whose token an app passes", async () => {
    const { data } = await (await stack.signIn("operator@example.com")).auth.getSession();
    const { supabase } = observedClient(stack.url, stack.publishableKey, data.session?.access_token);
    expect(await start(supabase)).toMatchObject({ actor: `user:${operatorId}` });
  });

  test("a member who records metrics of a company", async () => {
    const leo = createControlPlane(await stack.signIn("member@example.com"));
    const metrics = [
      { company_id: company, action_count: 1 },
      { company_id: randomUUID(), action_count: 1 },
    ];
    expect(await leo.metrics.record({ metrics })).toMatchObject({ accepted: 1, rejected: 1 });
  });

  test("nobody, where nobody is signed in", async () => {
    const leo = createControlPlane(stack.client());
    expect(await leo.health.check()).toMatchObject({ status: "ok" });
    expect(await failedCall(leo.telemetry.sweep())).toMatchObject({
      code: "unauthenticated",
      status: 401,
      attempts: 1,
    });
  });
});

test("a member may not move anything", async () => {
  const leo = createControlPlane(await stack.signIn("member@example.com"));
  expect(await failedCall(leo.telemetry.sweep())).toMatchObject({ code: "forbidden", status: 403 });
});

test("a request id that the caller gives is that of the history", async () => {
  const sd_id = await createDirective(stack.database);
  const leo = createControlPlane(stack.client(stack.secretKey));
  await leo.sessions.start({ sd_id, implementation_type: "UI_COMPONENT" }, { requestId: "job-17" });
  const rows = await stack.database.query(
    "select request_id from public.state_transitions where sd_id = $1 and event = 'start'",
    [sd_id],
  );
  expect(rows).toEqual([{ request_id: "job-17" }]);
});
