/** A stack in which hostile requests are made, with an eye on its database and its log. */

import { randomUUID } from "node:crypto";
import type { Operation } from "../../../../types/contracts/operations.ts";
import { startTestStack, type TestStack } from "../../../support/stack.ts";
import { type Audit, startAudit } from "./audit.ts";
import { createClient, type HttpAnswer, type HttpClient, type HttpRequest } from "./http-client.ts";
import { seed } from "./runs.ts";
import { createTarget, type Target } from "./targets.ts";

/** A request and what came of it. */
export interface Exchange {
  request: HttpRequest;
  answer: HttpAnswer;
}

export interface Arena {
  stack: TestStack;
  audit: Audit;
  /** Straight to the functions, which is where hostile requests have to be endured. */
  functions: HttpClient;
  /** By way of the gateway. */
  gateway: HttpClient;
  /** Headers with the credential of somebody who may call the operation; `nth` picks one of several. */
  credentials(operation: Operation, nth?: number): Record<string, string>;
  /** The company that the member belongs to. */
  companyId: string;
  target(operation: Operation): Target;
  /** What was done here, in figures. */
  tally: { requests: number; accepted: number; changes: number };
  /** Prints the figures and ends everything. */
  stop(): Promise<void>;
}

/** A machine that is busy with other tests must not look like a function that hangs. */
const PATIENCE = {
  LEO_DB_CONNECT_TIMEOUT_MS: "60000",
  LEO_DB_ACQUIRE_TIMEOUT_MS: "60000",
  LEO_DB_STATEMENT_TIMEOUT_MS: "60000",
  LEO_BODY_TIMEOUT_MS: "60000",
};

/** @param functionsEnv settings of the functions */
export async function startArena(functionsEnv: Record<string, string> = {}): Promise<Arena> {
  const stack = await startTestStack({ functionsEnv: { ...PATIENCE, ...functionsEnv } });
  const audit = await startAudit(stack.database);
  const { database } = audit;
  const functions = createClient(stack.services.functions.port);
  const gateway = createClient(Number(new URL(stack.url).port));

  const idOf = async (statement: string, params: unknown[] = []) => {
    const [row] = await database.query<{ id: string }>(statement, params);
    if (!row) throw new Error(`no row: ${statement}`);
    return row.id;
  };
  const companyId = await idOf("insert into public.companies (name) values ('A company') returning id");
  const known = {
    attempt: 1,
    company_id: companyId,
    venture_id: await idOf(
      "insert into public.ventures (name, company_id, problem_statement) values ('v', $1, 'p') returning id",
      [companyId],
    ),
    session_id: await idOf(
      `insert into public.eva_orchestration_sessions (company_id, session_type, created_by)
       values ($1, 'venture_workflow', gen_random_uuid()) returning session_id as id`,
      [companyId],
    ),
    prd_id: await idOf("insert into public.product_requirements_v2 (id, title) values ('PRD-1', 't') returning id"),
    vision_id: await idOf(
      "insert into public.strategic_vision (code, title, statement) values ('V', 't', 's') returning id",
    ),
  };
  const member = await stack.createUser({ email: "member@example.test" });
  await database.query(
    "insert into public.user_company_access (user_id, company_id, is_active) values ($1, $2, true)",
    [member, companyId],
  );
  const asUser = async (sub: string, leoRole?: string) => {
    const token = await stack.mintToken({ sub, ...(leoRole ? { app_metadata: { leo_role: leoRole } } : {}) });
    return { apikey: stack.publishableKey, authorization: `Bearer ${token}` };
  };
  const bySecretKey = Object.values(stack.secrets.secretKeys).map((key) => ({ apikey: key }));
  const operators = [...bySecretKey, await asUser(randomUUID(), "operator"), await asUser(randomUUID(), "chairman")];
  const callers: Record<Operation["callers"], Record<string, string>[]> = {
    operators,
    users: [...bySecretKey, await asUser(member)],
    anyone: [{}],
  };

  const tally = { requests: 0, accepted: 0, changes: 0 };
  return {
    stack,
    audit,
    functions,
    gateway,
    companyId,
    credentials: ({ callers: kind }, nth = 0) => callers[kind][nth % callers[kind].length] ?? {},
    target: (operation) => createTarget(operation, database, known),
    tally,
    async stop() {
      const { requests, accepted, changes } = tally;
      console.log(`${requests} hostile requests, ${accepted} accepted, ${changes} rows changed; LEO_FUZZ_SEED=${seed}`);
      functions.close();
      gateway.close();
      await audit.close();
      await stack.stop();
    },
  };
}
