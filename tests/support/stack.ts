import { importJWK, type JWTPayload, SignJWT } from "jose";
import { inject } from "vitest";
import type { LocalSecrets } from "../../local/secrets.ts";
import { type Services, startServices } from "../../local/services.ts";
import { createPeople, type People } from "./data-api.ts";
import { createTestDatabase, type TestDatabase } from "./database.ts";
import { leakWatch } from "./leak-watch.ts";

/** What a test has of a stack over HTTP and by SQL, its own or a given one. */
interface ReachableStack extends People {
  /** Base URL, as in SUPABASE_URL. */
  url: string;
  database: TestDatabase;
  secrets: LocalSecrets;
  /** An HTTP call to an edge function with the secret key, unless headers say otherwise. */
  call(path: string, init?: { method?: string; headers?: Record<string, string>; body?: unknown }): Promise<Response>;
  stop(): Promise<void>;
}

export interface TestStack extends ReachableStack {
  services: Services;
  /** Every line the functions logged so far. */
  functionsLog: string[];
  /** An ES256 token that the functions can check by SUPABASE_JWKS; claims over sensible ones of a user. */
  mintToken(claims?: JWTPayload): Promise<string>;
}

function reach(url: string, database: TestDatabase, secrets: LocalSecrets, stop: () => Promise<void>): ReachableStack {
  const people = createPeople(url, database);
  return {
    url,
    database,
    secrets,
    ...people,
    call(path, { method = "POST", headers, body } = {}) {
      const own = { apikey: people.secretKey, ...(body === undefined ? {} : { "content-type": "application/json" }) };
      return fetch(`${url}/functions/v1/${path}`, {
        method,
        headers: headers ?? own,
        body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
      });
    },
    stop,
  };
}

/**
 * A whole stack of the caller's own, on free ports: database clone, Data API, Auth, edge functions, gateway. Where
 * tests run against a given project (`npm run test:remote`), that one, of which less can be had.
 */
export async function startTestStack(options: { functionsEnv?: Record<string, string> } = {}): Promise<TestStack> {
  const secrets = inject("secrets");
  const remote = inject("remote");
  if (remote && options.functionsEnv) throw new Error("a given project has functions with settings of their own");
  const database = await createTestDatabase();
  if (remote) {
    return withoutInsides(reach(remote.url, database, secrets, database.drop));
  }

  const functionsLog: string[] = [];
  let services: Services;
  try {
    services = await startServices({
      databaseUrl: database.url,
      secrets,
      driver: inject("driver"),
      port: 0,
      functionsEnv: options.functionsEnv,
      onFunctionsLog: (line) => {
        functionsLog.push(line);
        leakWatch().line(line);
      },
    });
  } catch (error) {
    await database.drop();
    throw error;
  }
  const { url } = services;
  const stop = async () => {
    await services.stop();
    await database.drop();
  };

  return {
    ...reach(url, database, secrets, stop),
    services,
    functionsLog,
    async mintToken(claims = {}) {
      const now = Math.floor(Date.now() / 1000);
      const defaults = {
        aud: "authenticated",
        role: "authenticated",
        iss: `${url}/auth/v1`,
        iat: now,
        exp: now + 3600,
      };
      return new SignJWT({ ...defaults, ...claims })
        .setProtectedHeader({ alg: "ES256", kid: secrets.signingKey.kid as string, typ: "JWT" })
        .sign(await importJWK(secrets.signingKey, "ES256"));
    },
  };
}

/** A given project keeps its processes, log and signing key to itself: a test that asks for them fails and says so. */
function withoutInsides(stack: ReachableStack): TestStack {
  const missing = (what: string) => (): never => {
    throw new Error(`a given project does not give its ${what}: this test is not one for test:remote`);
  };
  return Object.defineProperties(stack, {
    services: { get: missing("services") },
    functionsLog: { get: missing("log") },
    mintToken: { value: missing("signing key") },
  }) as TestStack;
}
