import { randomUUID } from "node:crypto";
import { SignJWT } from "jose";
import { inject } from "vitest";
import { createDirective } from "../../functions/support/directives.ts";
import type { Client, People } from "../../support/data-api.ts";
import type { TestDatabase } from "../../support/database.ts";

export const companyNames = ["A", "B", "C"] as const;
export type CompanyName = (typeof companyNames)[number];

/** Everybody who knocks, and the memberships of each: what `is_active` says, by company. */
const memberships = {
  anon: {},
  stranger: {},
  memberOfA: { A: true },
  inactiveInA: { A: false },
  undecidedInA: { A: null },
  memberOfB: { B: true },
  memberOfC: { C: true },
  memberOfAB: { A: true, B: true },
  operator: {},
  /** The same user as the operator, by a token that was minted instead of signed in for. */
  mintedOperator: {},
  service: {},
} as const satisfies Record<string, Partial<Record<CompanyName, boolean | null>>>;

export type PersonName = keyof typeof memberships;
export const personNames = Object.keys(memberships) as PersonName[];

/** For what depends on the role alone. */
export const oneOfEachRole: PersonName[] = ["anon", "memberOfA", "operator", "service"];

export interface Company {
  id: string;
  venture: string;
  session: string;
  metrics: [string, string];
  /** A text in every row of the company, by which it gives itself away. */
  mark: string;
}

export interface Person {
  name: PersonName;
  client: Client;
  /** Of the user behind it; empty where there is none. */
  userId: string;
  /** Credentials for requests without supabase-js. */
  headers: Record<string, string>;
  /** Companies with active access. */
  companies: CompanyName[];
}

export interface RawRequest {
  method?: string;
  headers?: Record<string, string>;
  body?: unknown;
}

export interface Cast {
  database: TestDatabase;
  companies: Record<CompanyName, Company>;
  people: Record<PersonName, Person>;
  /** A user who belongs to no company. */
  newcomer: string;
  /** A request below /rest/v1, as somebody, for what supabase-js would not send. */
  send(person: Person, path: string, init?: RawRequest): Promise<Response>;
}

/** What a cast is made upon: a test's Data API, or its whole stack. */
export type Stage = People & { url: string; database: TestDatabase };

const hasUser = (name: PersonName) => name !== "anon" && name !== "service";
const emailOf = (name: string) => `${name.toLowerCase()}@rls.example`;

async function foundCompany(database: TestDatabase, name: CompanyName): Promise<Company> {
  const mark = `only-for-${name}-${randomUUID().slice(0, 8)}`;
  const id = randomUUID();
  const venture = randomUUID();
  const session = randomUUID();
  const metrics: [string, string] = [randomUUID(), randomUUID()];
  await database.query("insert into public.companies (id, name, description) values ($1, $2, $3)", [id, name, mark]);
  await database.query(
    "insert into public.ventures (id, name, company_id, problem_statement) values ($1, $2, $3, $4)",
    [venture, mark, id, mark],
  );
  await database.query(
    `insert into public.eva_orchestration_sessions (session_id, company_id, session_type, created_by, objective)
     values ($1, $2, 'venture_workflow', gen_random_uuid(), $3)`,
    [session, id, mark],
  );
  await database.query(
    `insert into public.orchestration_metrics
       (metric_id, company_id, venture_id, session_id, action_count, agents_involved, metadata)
     values ($1, $3, $4, $5, $6, array[$7::text], jsonb_build_object('mark', $7::text)),
       ($2, $3, null, null, $6, array[$7::text], jsonb_build_object('mark', $7::text))`,
    // Sums that no other company has.
    [...metrics, id, venture, session, 10 ** (companyNames.indexOf(name) + 1), mark],
  );
  await database.query(
    `insert into public.orchestration_daily_summaries
       (company_id, day, metric_count, action_count, success_count, failure_count, api_calls_made,
        chairman_interventions, chairman_approvals, chairman_rejections, compute_cost)
     values ($1, $2, 0, 0, 0, 0, 0, 0, 0, 0, 0)`,
    [id, `2000-01-0${1 + companyNames.indexOf(name)}`],
  );
  await database.query("insert into public.orchestration_stale_days (company_id, day) values ($1, $2)", [
    id,
    `2000-01-0${1 + companyNames.indexOf(name)}`,
  ]);
  return { id, venture, session, metrics, mark };
}

/** One row or more in every table that belongs to no company. */
async function fillSharedTables(database: TestDatabase): Promise<void> {
  const sd = await createDirective(database);
  await database.query("insert into public.strategic_vision (code, title, statement) values ('V-1', 't', 's')");
  await database.query("insert into public.product_requirements_v2 (id, title, sd_id) values ('PRD-1', 't', $1)", [sd]);
  const [session] = await database.query<{ id: string }>(
    `insert into public.exec_implementation_sessions (sd_id, implementation_type)
     values ($1, 'AUTHENTICATION') returning id`,
    [sd],
  );
  await database.query(
    `insert into public.exec_handoff_preparations (session_id, sd_id, implementation_summary) values ($1, $2, 's')`,
    [session?.id, sd],
  );
  await database.query("insert into public.telemetry_analysis_runs (run_id) values (gen_random_uuid())");
  await database.query(
    "insert into public.okr_generation_log (generation_date, period) values ('2026-01-01', '2026-01')",
  );
  await database.query("insert into public.ventures (name, problem_statement) values ('of nobody', 'p')");
  await database.query("insert into public.orchestration_metrics (action_count) values (1)");
}

/** A token like those of Auth, for an operator who never signed in; where its key is not known, one by signing in. */
async function mintOperator(stage: Stage, sub: string): Promise<string> {
  if (inject("remote")) return tokenOf(await stage.signIn(emailOf("operator")));
  return new SignJWT({ role: "authenticated", app_metadata: { leo_role: "operator" } })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(sub)
    .setAudience("authenticated")
    .setIssuer(`${stage.url}/auth/v1`)
    .setIssuedAt()
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(inject("secrets").jwtSecret));
}

async function tokenOf(client: Client): Promise<string> {
  const { data } = await client.auth.getSession();
  return data.session?.access_token ?? "";
}

/** Three companies with rows of their own, rows that belong to none, and people who are signed in for real. */
export async function assemble(stage: Stage): Promise<Cast> {
  const { database } = stage;
  const companies = {} as Record<CompanyName, Company>;
  for (const name of companyNames) companies[name] = await foundCompany(database, name);
  await fillSharedTables(database);

  const people = {} as Record<PersonName, Person>;
  for (const name of personNames) {
    const person: Person = { name, client: stage.client(), userId: "", headers: {}, companies: [] };
    if (name === "service") person.client = stage.client(stage.secretKey);
    person.headers = { apikey: name === "service" ? stage.secretKey : stage.publishableKey };
    if (hasUser(name)) {
      let token: string;
      if (name === "mintedOperator") {
        person.userId = people.operator.userId;
        token = await mintOperator(stage, person.userId);
        person.client = stage.client(stage.publishableKey, token);
      } else {
        const appMetadata = name === "operator" ? { leo_role: "operator" } : {};
        person.userId = await stage.createUser({ email: emailOf(name), appMetadata });
        person.client = await stage.signIn(emailOf(name));
        token = await tokenOf(person.client);
      }
      person.headers.authorization = `Bearer ${token}`;
    }
    for (const [company, isActive] of Object.entries(memberships[name]) as [CompanyName, boolean | null][]) {
      if (isActive) person.companies.push(company);
      await database.query(
        "insert into public.user_company_access (user_id, company_id, is_active, role) values ($1, $2, $3, $4)",
        [person.userId, companies[company].id, isActive, name],
      );
    }
    people[name] = person;
  }

  return {
    database,
    companies,
    people,
    newcomer: await stage.createUser({ email: emailOf("newcomer") }),
    send(person, path, { method = "GET", headers = {}, body } = {}) {
      const type: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
      return fetch(`${stage.url}/rest/v1/${path}`, {
        method,
        headers: { ...person.headers, ...type, ...headers },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
    },
  };
}
