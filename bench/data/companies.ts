import { importJWK, SignJWT } from "jose";
import type { BenchDatabase, BenchServices } from "../harness/lab.ts";

/** The id of company n, from 1 on. */
export const companyId = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
/** The one user, a member of the first companies. */
export const memberId = "00000000-0000-4000-9000-000000000001";
export const memberEmail = "member@example.test";

/** Makes companies, each with a venture and an orchestration session of the same id, and a member of the first ones. */
export async function makeCompanies(
  database: BenchDatabase,
  { companies, ofMember, password = "" }: { companies: number; ofMember: number; password?: string },
): Promise<void> {
  await database.query(
    `insert into auth.users (id, email, encrypted_password, email_confirmed_at, raw_app_meta_data, aud, role)
     values ($1, $2, extensions.crypt($3, extensions.gen_salt('bf', 4)), now(), '{}', 'authenticated', 'authenticated')`,
    [memberId, memberEmail, password],
  );
  const id = "('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid";
  const each = `from generate_series(1, $1::integer) n`;
  await database.query(`insert into public.companies (id, name) select ${id}, 'Company ' || n ${each}`, [companies]);
  await database.query(
    `insert into public.ventures (id, name, company_id, problem_statement) select ${id}, 'Venture ' || n, ${id}, '-' ${each}`,
    [companies],
  );
  await database.query(
    `insert into public.eva_orchestration_sessions (session_id, company_id, session_type, created_by)
     select ${id}, ${id}, 'venture_workflow', '${memberId}' ${each}`,
    [companies],
  );
  await database.query(
    `insert into public.user_company_access (user_id, company_id, is_active) select '${memberId}', ${id}, true ${each}`,
    [ofMember],
  );
  await database.query("vacuum analyze public.companies, public.user_company_access");
}

/** Headers of the member at the functions. */
export async function memberHeaders({ url, secrets }: BenchServices): Promise<Record<string, string>> {
  const token = await new SignJWT({ role: "authenticated" })
    .setProtectedHeader({ alg: "ES256", kid: secrets.signingKey.kid as string, typ: "JWT" })
    .setSubject(memberId)
    .setAudience("authenticated")
    .setIssuer(`${url}/auth/v1`)
    .setIssuedAt()
    .setExpirationTime("2h")
    .sign(await importJWK(secrets.signingKey, "ES256"));
  return { apikey: secrets.publishableKey, authorization: `Bearer ${token}` };
}

/** Connection string of sessions in which row level security is asked as for the member. */
export function asMember(database: BenchDatabase): string {
  const url = new URL(database.url);
  const claims = JSON.stringify({ sub: memberId, role: "authenticated" });
  url.searchParams.set("options", `-c role=authenticated -c request.jwt.claims=${claims}`);
  // A blank as +, as forms have it, is none to PostgreSQL.
  return url.href.replaceAll("+", "%20");
}
